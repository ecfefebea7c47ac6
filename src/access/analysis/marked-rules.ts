import type { Values } from '../../domain/access/access.ts';
import type { ComparedRule } from './compared-rule.ts';

/** Rules by one thing that they ask: thousands with one caller and path may differ in a header only. */
export class MarkedRules {
  readonly #byMark = new Map<string, ComparedRule[]>();

  add(rule: ComparedRule): void {
    for (const mark of marksOf(rule)) {
      const rules = this.#byMark.get(mark) ?? [];
      rules.push(rule);
      this.#byMark.set(mark, rules);
    }
  }

  /** All that may cover it, and some others. */
  *near(rule: ComparedRule): Iterable<ComparedRule> {
    if (this.#byMark.size === 0) return;
    for (const mark of marksAskedBy(rule)) yield* this.#byMark.get(mark) ?? [];
  }
}

const unmarked = '';

/** Whatever the rule covers has one of these marks. */
function marksOf({ rule: { headers, scopes }, asked: { claims } }: ComparedRule): string[] {
  const [scope] = scopes ?? [];
  return (
    marksOfFirst('header', headers) ??
    marksOfFirst('claim', claims) ?? [scope === undefined ? unmarked : markOf('scope', scope)]
  );
}

type Named = ReadonlyMap<string, Values> | undefined;

function marksOfFirst(kind: string, named: Named): string[] | undefined {
  const [first] = named ?? [];
  if (first === undefined) return undefined;
  const [name, values] = first;
  if (values === 'present') return [markOf(kind, name)];
  return values.map((value) => markOf(kind, name, value));
}

function* marksAskedBy({ rule: { headers, scopes = [] }, asked }: ComparedRule): Iterable<string> {
  yield unmarked;
  yield* marksOfAll('header', headers);
  yield* marksOfAll('claim', asked.claims);
  for (const scope of scopes) yield markOf('scope', scope);
}

function* marksOfAll(kind: string, named: Named): Iterable<string> {
  for (const [name, values] of named ?? []) {
    yield markOf(kind, name);
    // What covers the rule has all of its values, so also the first.
    if (values !== 'present') yield markOf(kind, name, values[0]);
  }
}

function markOf(...parts: readonly (Exclude<Values, 'present'>[number] | undefined)[]): string {
  return JSON.stringify(parts);
}
