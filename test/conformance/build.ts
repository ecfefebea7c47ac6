/**
 * `npm run conformance:build` compiles OPA's conformance cases into the committed corpus, in some
 * minutes. `-- --check` compiles a sample of them, and exits 1 when the corpus has something else.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { requireTool } from '../setup/find-tool.ts';
import { type Compilation, compileCase } from './compile-case.ts';
import {
  type ConformanceCase,
  nameOfModule,
  type Program,
  readCases,
  type Want,
  writeCorpus,
} from './corpus.ts';
import { builtinsOfOpa, readOpaBuiltins, writeOpaBuiltins } from './opa-builtins.ts';
import { type OpaCase, readOpaCases } from './opa-cases.ts';

/** Of so many cases the check compiles one. */
const sampleEvery = 40;

process.exitCode = await main(process.argv.slice(2));

async function main(options: readonly string[]): Promise<number> {
  const opa = requireTool('opa');
  const cases = withIds(readOpaCases(opa));
  if (options.includes('--check')) return check(opa, cases);
  await writeOpaBuiltins(builtinsOfOpa());
  const modules = new Map<string, Buffer>();
  writeCorpus(await compileAll(opa, cases, modules), modules);
  console.log(`${cases.size} cases, ${modules.size} modules`);
  return 0;
}

async function check(opa: string, cases: ReadonlyMap<string, OpaCase>): Promise<number> {
  const committed = new Map(readCases().map((each) => [each.id, JSON.stringify(each)]));
  const sample = new Map([...cases].filter((_, at) => at % sampleEvery === 0));
  const fresh = await compileAll(opa, sample, new Map());
  const wrong = fresh.filter((each) => committed.get(each.id) !== JSON.stringify(each));
  const gone = [...committed.keys()].filter((id) => !cases.has(id));
  const missing = [...cases.keys()].filter((id) => !committed.has(id));
  const builtins = isDeepStrictEqual(readOpaBuiltins(), builtinsOfOpa()) ? [] : ['builtins'];
  const stale = [...builtins, ...gone, ...missing, ...wrong.map(({ id }) => id)];
  for (const id of stale) console.error(`${id}: the corpus does not have what OPA has`);
  if (stale.length > 0) console.error('run npm run conformance:build and commit the result');
  return stale.length > 0 ? 1 : 0;
}

/** Names are OPA's, but for the second of two alike. */
function withIds(cases: readonly OpaCase[]): Map<string, OpaCase> {
  const named = new Map<string, OpaCase>();
  for (const opaCase of cases) {
    const name = `${opaCase.version}/${opaCase.note}`;
    let [id, number] = [name, 1];
    while (named.has(id)) id = `${name} #${(number += 1)}`;
    named.set(id, opaCase);
  }
  return named;
}

/** In the cases' order; their modules go to `modules`. */
async function compileAll(
  opa: string,
  cases: ReadonlyMap<string, OpaCase>,
  modules: Map<string, Buffer>,
): Promise<ConformanceCase[]> {
  const folder = mkdtempSync(join(tmpdir(), 'conformance-'));
  const capabilities = join(folder, 'capabilities.json');
  writeFileSync(capabilities, capabilitiesOfTests(opa));
  const compiled = new Map<string, ConformanceCase>();
  const waiting = cases.entries();
  const work = async (): Promise<void> => {
    for (const [id, opaCase] of waiting) {
      const compilation = await compileCase(opa, capabilities, opaCase);
      if (compilation.kind === 'compiled') {
        modules.set(nameOfModule(compilation.module), compilation.module);
      }
      compiled.set(id, caseOf(id, opaCase, programOf(compilation)));
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  rmSync(folder, { recursive: true });
  return Array.from(cases.keys()).flatMap((id) => compiled.get(id) ?? []);
}

/** OPA's own, and the builtin that its tests bring: `test.sleep` takes a duration. */
function capabilitiesOfTests(opa: string): string {
  const current = execFileSync(opa, ['capabilities', '--current'], { encoding: 'utf8' });
  const capabilities = JSON.parse(current) as { builtins: object[] };
  const decl = { type: 'function', args: [{ type: 'string' }], result: { type: 'null' } };
  capabilities.builtins.push({ name: 'test.sleep', decl });
  return JSON.stringify(capabilities);
}

function programOf(compilation: Compilation): Program {
  return compilation.kind === 'refused'
    ? compilation
    : { ...compilation, module: nameOfModule(compilation.module) };
}

function caseOf(id: string, opaCase: OpaCase, program: Program): ConformanceCase {
  const { file, query, json, input_term: inputTerm } = opaCase;
  const input = inputTerm ?? json.input;
  return {
    id,
    file,
    query,
    program,
    ...(input !== undefined && { input }),
    ...(json.data !== undefined && { data: json.data }),
    want: wantOf(opaCase),
  };
}

function wantOf(opaCase: OpaCase): Want {
  const { want_error: error, want_error_code: code, strict_error: strict = false } = opaCase;
  if (error !== undefined || code !== undefined) {
    return { kind: 'error', error: error ?? code ?? '', strict };
  }
  const { json, sort_bindings: anyOrder = false } = opaCase;
  if (json.want_result === undefined) throw new Error(`${opaCase.note} wants nothing`);
  return { kind: 'result', bindings: json.want_result, anyOrder };
}
