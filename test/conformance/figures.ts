import type { CaseResult } from './run-corpus.ts';

/**
 * The share of the cases that want a result which has to be right. The aim is 0.995, and waits for
 * `yaml.*`.
 */
export const wantedShare = 0.993;

export function wantsResult({ case: { want } }: CaseResult): boolean {
  return want.kind === 'result';
}

export function shareRight(results: readonly CaseResult[]): number {
  return results.filter(({ fault }) => fault === undefined).length / results.length;
}

interface Row {
  readonly title: string;
  readonly has: (result: CaseResult) => boolean;
}

const rows: readonly Row[] = [
  { title: 'want a result', has: wantsResult },
  {
    title: 'want an error that only strict mode shows: undefined',
    has: ({ case: { want } }) => want.kind === 'error' && want.strict,
  },
  {
    title: 'want another error: refused, or denied',
    has: ({ case: { want } }) => want.kind === 'error' && !want.strict,
  },
];

/** How many of each kind there are and are right, as a table of Markdown. */
export function figures(results: readonly CaseResult[]): string {
  return table(
    ['Rego', 'cases that', 'cases', 'right', 'share'],
    ['v1', 'v0'].flatMap((version) =>
      rows.map(({ title, has }) => {
        const some = results.filter((each) => each.case.id.startsWith(`${version}/`) && has(each));
        const right = some.filter(({ fault }) => fault === undefined).length;
        const share = `${((100 * right) / some.length).toFixed(2)} %`;
        return [version, title, some.length, right, share];
      }),
    ),
  );
}

function table(head: readonly string[], lines: readonly (readonly (string | number)[])[]): string {
  const rule = head.map(() => '---');
  return [head, rule, ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
