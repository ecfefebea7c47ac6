import { execFileSync } from 'node:child_process';
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { requireTool } from '../setup/find-tool.ts';

export const examplePolicy = join(import.meta.dirname, '../../policies/example');

/** Compiles Rego files into a bundle; `path` is replaced in one step, as a deployment would. */
export function buildBundle(source: string, path: string, revision: string): void {
  const aside = `${path}.${revision}.tmp`;
  const target = ['-t', 'wasm', '-e', 'envoy/authz/allow', '--ignore', '*_test.rego'];
  execFileSync(requireTool('opa'), ['build', ...target, '-r', revision, '-o', aside, source]);
  renameSync(aside, path);
}
