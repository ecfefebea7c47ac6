/**
 * OPA's cases in the form that is committed: `cases.jsonl`, and their modules, each once, one after
 * the other in `modules.zst`. The modules have OPA's runtime in common, which a window as wide as
 * all of them finds.
 */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';

export interface ConformanceCase {
  /** The version of Rego and OPA's name for the case; of several with one name, the second has `#2`. */
  readonly id: string;
  /** Below OPA's testdata. */
  readonly file: string;
  readonly query: string;
  readonly program: Program;
  /** A Rego term; without it, there is no input. */
  readonly input?: string;
  /** JSON. */
  readonly data?: string;
  readonly want: Want;
}

export type Program =
  | {
      readonly kind: 'compiled';
      /** The SHA-256 of the module. */
      readonly module: string;
      readonly entrypoint: string;
      readonly answers: Answers;
    }
  | { readonly kind: 'refused'; readonly detail: string };

/**
 * What the entrypoint's document is: the value of the query's one variable, or, for a query that is
 * more than `data.path = x`, the set of all bindings.
 */
export type Answers = { readonly variable: string } | 'bindings';

export type Want =
  /** A JSON array of bindings. `anyOrder`: arrays in them are sets. */
  | { readonly kind: 'result'; readonly bindings: string; readonly anyOrder: boolean }
  /** `strict`: an error only where OPA is told that a failing builtin is one. */
  | { readonly kind: 'error'; readonly error: string; readonly strict: boolean };

const casesFile = join(import.meta.dirname, 'cases.jsonl');
const modulesFile = join(import.meta.dirname, 'modules.zst');
const windowLog = 27;
const lengthBytes = 4;

/** Writes the cases, and the modules in the order in which cases first name them. */
export function writeCorpus(
  cases: readonly ConformanceCase[],
  modules: ReadonlyMap<string, Buffer>,
): void {
  writeFileSync(casesFile, cases.map((each) => `${JSON.stringify(each)}\n`).join(''));
  const inOrder = moduleNames(cases).map((name) => modules.get(name) ?? Buffer.alloc(0));
  const params = {
    [constants.ZSTD_c_compressionLevel]: 19,
    [constants.ZSTD_c_windowLog]: windowLog,
    [constants.ZSTD_c_enableLongDistanceMatching]: 1,
  };
  const content = Buffer.concat(inOrder.flatMap(withLength));
  writeFileSync(modulesFile, zstdCompressSync(content, { params }));
}

function moduleNames(cases: readonly ConformanceCase[]): string[] {
  const names = cases.flatMap(({ program }) =>
    program.kind === 'compiled' ? [program.module] : [],
  );
  return [...new Set(names)];
}

export function nameOfModule(module: Uint8Array): string {
  return createHash('sha256').update(module).digest('hex');
}

function withLength(module: Buffer): Buffer[] {
  const length = Buffer.alloc(lengthBytes);
  length.writeUInt32LE(module.length);
  return [length, module];
}

export function readCases(): ConformanceCase[] {
  const lines = readFileSync(casesFile, 'utf8').trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as ConformanceCase);
}

/** The modules that cases name, in their order. Together they take half a gigabyte. */
export function* readModules(
  cases: readonly ConformanceCase[],
): Generator<Uint8Array<ArrayBuffer>> {
  const params = { [constants.ZSTD_d_windowLogMax]: windowLog };
  const content = zstdDecompressSync(readFileSync(modulesFile), { params });
  let start = 0;
  for (const name of moduleNames(cases)) {
    const end = start + lengthBytes + content.readUInt32LE(start);
    const module = Uint8Array.from(content.subarray(start + lengthBytes, end));
    if (nameOfModule(module) !== name) throw new Error(`${modulesFile} does not hold ${name}`);
    yield module;
    start = end;
  }
}
