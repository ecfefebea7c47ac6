import { refusalOf } from '../../src/policy/rego/refused-builtins.ts';
import type { Exception } from './exceptions.ts';
import { figures } from './figures.ts';
import { readOpaBuiltins } from './opa-builtins.ts';
import { readDifferences } from './opa-envoy-fixtures.ts';
import type { CaseResult } from './run-corpus.ts';
import { serverBuiltins } from './server-builtins.ts';

/** What docs/rego.md says and nobody writes, by the names of its parts, as Markdown. */
export function documentParts(
  results: readonly CaseResult[],
  exceptions: readonly Exception[],
): Record<string, string> {
  return {
    figures: figures(results),
    exceptions: exceptions
      .map(({ cause, cases }) => `- ${cause} Cases: ${listOf(cases)}.`)
      .join('\n'),
    builtins: builtins(),
    differences: Object.values(readDifferences())
      .map((difference) => `- ${difference}`)
      .join('\n'),
  };
}

function builtins(): string {
  const { native, host } = readOpaBuiltins();
  const here = host.filter((name) => serverBuiltins.has(name));
  const refused = host.filter((name) => !serverBuiltins.has(name));
  return [
    `Compiled into the module (${native.length}): ${listOf(native)}.`,
    `Answered by Sallyport (${here.length}): ${listOf(here)}.`,
    `Refused (${refused.length}):`,
    refused.map((name) => `- \`${name}\`: ${refusalOf(name)}`).join('\n'),
  ].join('\n\n');
}

function listOf(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(', ');
}
