/** OPA's own conformance cases, as the Go module of OPA ships them. */
import { execFileSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { opaModuleDirectory } from './opa-module.ts';

export type RegoVersion = 'v0' | 'v1';

/** A case as OPA writes it; `json` holds the JSON texts of what must keep every digit. */
export interface OpaCase {
  readonly version: RegoVersion;
  /** Below testdata: `v1/aggregates/test-aggregates-0001.yaml`. */
  readonly file: string;
  readonly note: string;
  readonly query: string;
  readonly modules?: readonly string[];
  readonly json: {
    readonly input?: string;
    readonly data?: string;
    readonly want_result?: string;
  };
  /** A Rego term, which stands in place of the input. */
  readonly input_term?: string;
  readonly sort_bindings?: boolean;
  readonly strict_error?: boolean;
  readonly want_error?: string;
  readonly want_error_code?: string;
}

const listing = join(import.meta.dirname, 'list-cases.rego');

/** Reads every case. OPA itself parses the files, so that their numbers stay as it reads them. */
export function readOpaCases(opa: string): OpaCase[] {
  const testdata = join(opaModuleDirectory(), 'v1/test/cases/testdata');
  const files = globSync('{v0,v1}/**/*.yaml', { cwd: testdata }).toSorted();
  const flags = files.map((file, at) => `--data=file.${fixedWidth(at)}:${file}`);
  const output = execFileSync(
    opa,
    ['eval', '--format=raw', `--data=${listing}`, ...flags, 'data.list.cases'],
    { cwd: testdata, encoding: 'utf8', maxBuffer: 256 * 1024 * 1024 },
  );
  const cases = JSON.parse(output) as Omit<OpaCase, 'version'>[];
  const terms = plainTerms(opa, cases);
  return cases.map((listed) => {
    const file = files[Number(listed.file)] ?? '';
    const term = terms.get(listed.input_term ?? '');
    const version = file.startsWith('v0/') ? 'v0' : 'v1';
    return { ...listed, file, version, ...(term !== undefined && { input_term: term }) };
  });
}

/** Terms as OPA writes them, and its host passes them to a module: without comments and the like. */
function plainTerms(
  opa: string,
  cases: readonly Pick<OpaCase, 'input_term'>[],
): ReadonlyMap<string, string> {
  const terms = cases.flatMap(({ input_term: term }) => term ?? []);
  // In an array, for alone a string would lose its quotes.
  const query = terms.map((term) => `sprintf("%v", [[${term}\n]])`).join(',\n');
  const output = execFileSync(opa, ['eval', '--format=raw', '--stdin'], {
    input: `[${query}]`,
    encoding: 'utf8',
  });
  const written = JSON.parse(output) as string[];
  return new Map(terms.map((term, at) => [term, written[at]?.slice(1, -1) ?? term]));
}

/** OPA iterates over files in the order of their keys, as text. */
function fixedWidth(at: number): string {
  return String(at).padStart(5, '0');
}
