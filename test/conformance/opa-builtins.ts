import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format } from 'prettier';
import { opaModuleDirectory } from './opa-module.ts';

/** The names of OPA's builtins. */
export interface OpaBuiltins {
  /** What `opa build -t wasm` compiles into the module. */
  readonly native: readonly string[];
  /** What a module asks its host for. */
  readonly host: readonly string[];
}

const file = join(import.meta.dirname, 'opa-builtins.json');

/** As the Go module of OPA says. */
export function builtinsOfOpa(): OpaBuiltins {
  const metadata = readFileSync(join(opaModuleDirectory(), 'builtin_metadata.json'), 'utf8');
  const all = Object.entries(JSON.parse(metadata) as Record<string, { wasm?: boolean }>);
  const named = all.filter(([name]) => !name.startsWith('_'));
  const names = (native: boolean): string[] =>
    named.flatMap(([name, { wasm }]) => ((wasm === true) === native ? [name] : [])).toSorted();
  return { native: names(true), host: names(false) };
}

/** As committed. */
export function readOpaBuiltins(): OpaBuiltins {
  return JSON.parse(readFileSync(file, 'utf8')) as OpaBuiltins;
}

export async function writeOpaBuiltins(builtins: OpaBuiltins): Promise<void> {
  writeFileSync(file, await format(JSON.stringify(builtins), { parser: 'json', printWidth: 100 }));
}
