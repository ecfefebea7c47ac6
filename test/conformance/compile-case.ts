import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { extract } from 'tar-stream';
import type { Answers } from './corpus.ts';
import type { OpaCase } from './opa-cases.ts';

/** What a user of `opa build` gets for a case. */
export type Compilation =
  | {
      readonly kind: 'compiled';
      readonly module: Buffer;
      readonly entrypoint: string;
      readonly answers: Answers;
    }
  | { readonly kind: 'refused'; readonly detail: string };

interface Source {
  readonly entrypoint: string;
  readonly answers: Answers;
  readonly modules: readonly string[];
}

/**
 * Compiles a case as `opa build -t wasm` does. `capabilities` is the path of OPA's own, with what its
 * tests have beside them.
 */
export async function compileCase(
  opa: string,
  capabilities: string,
  opaCase: OpaCase,
): Promise<Compilation> {
  const { entrypoint, answers, modules } = sourceOf(opaCase);
  const folder = await mkdtemp(join(tmpdir(), 'conformance-'));
  try {
    const names = modules.map((_, at) => `module-${at}.rego`);
    await Promise.all(names.map((name, at) => writeFile(join(folder, name), modules[at] ?? '')));
    const flags = ['build', '-t', 'wasm', '-e', entrypoint, '-o', 'bundle.tar.gz'];
    flags.push('--capabilities', capabilities);
    if (opaCase.version === 'v0') flags.push('--v0-compatible');
    const detail = await refusalOf(opa, [...flags, ...names], folder);
    if (detail !== undefined) return { kind: 'refused', detail };
    const module = await moduleOf(await readFile(join(folder, 'bundle.tar.gz')));
    return { kind: 'compiled', module, entrypoint, answers };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** A query for the value of a path is an entrypoint. Any other becomes a rule, which is one. */
function sourceOf(opaCase: OpaCase): Source {
  const { query, modules = [] } = opaCase;
  const plain = /^data\.(\w+(?:\.\w+)*) = (?!input$)([a-z]\w*)$/.exec(query.trim());
  const [, path, variable] = plain ?? [];
  if (path === undefined || variable === undefined) {
    const rule = ruleOf(opaCase);
    return {
      entrypoint: 'conformance/answers',
      answers: 'bindings',
      modules: [...modules, `package conformance\n\n${rule}\n`],
    };
  }
  return { entrypoint: path.replaceAll('.', '/'), answers: { variable }, modules };
}

/** Gathers the variables that the case names. */
function ruleOf(opaCase: OpaCase): string {
  const { version, json } = opaCase;
  const query = opaCase.query === 'data = x' ? `x = ${allOfData(opaCase)}` : opaCase.query;
  const [first] = JSON.parse(json.want_result ?? '[]') as object[];
  const bindings = Object.keys(first ?? {}).map((name) => `"${name}": ${name}`);
  const object = `{${bindings.join(', ')}}`;
  const head = version === 'v0' ? `answers[${object}]` : `answers contains ${object} if`;
  return `${head} {\n${query}\n}`;
}

/** A rule cannot read all of `data`, in which it is itself: it reads each of the others. */
function allOfData({ modules = [], json }: OpaCase): string {
  const packages = modules.flatMap((module) => /^package (\w+)/m.exec(module)?.[1] ?? []);
  const roots = new Set([...packages, ...Object.keys(JSON.parse(json.data ?? '{}') as object)]);
  const parts = Array.from(roots, (root) => `{"${root}": value | value := data["${root}"]}`);
  return `object.union_n([${parts.join(', ')}])`;
}

/** What `opa build` says against it, in one line; undefined when it built. */
function refusalOf(opa: string, args: string[], cwd: string): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    execFile(opa, args, { cwd }, (error, stdout, stderr) => {
      if (error === null) resolve(undefined);
      else if (error.code === 1) resolve((stdout + stderr).trim().replaceAll(/\s*\n\s*/g, ' '));
      else reject(error);
    });
  });
}

async function moduleOf(bundle: Buffer): Promise<Buffer> {
  const entries = extract();
  entries.end(gunzipSync(bundle));
  const files = new Map<string, Buffer>();
  for await (const entry of entries) files.set(entry.header.name, await buffer(entry));
  const module = files.get('/policy.wasm');
  if (module === undefined) throw new Error('opa build gave a bundle without a module');
  return module;
}
