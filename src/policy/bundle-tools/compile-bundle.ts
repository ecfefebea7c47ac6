import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { BundleError } from '../bundle-error.ts';
import { readArchive } from '../bundles/contents/archive.ts';
import type { BundleFiles } from '../bundles/contents/bundle-files.ts';

const run = promisify(execFile);

export interface Sources {
  /** Rego files, data files, and folders of them. */
  readonly paths: readonly string[];
  /** `envoy/authz/allow`; at least one. */
  readonly entrypoints: readonly string[];
  /** Absent: a server names the bundle by its digest. */
  readonly revision?: string;
  /** Names of files and folders that are left out: `*_test.rego`. */
  readonly ignore: readonly string[];
}

export interface OpaProgram {
  /** Its path, or a name to be found on the PATH. */
  readonly command: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

const maxBytes = 2 * 1024 ** 3;

/**
 * The files of the bundle that `opa build -t wasm` makes. Rejects with a BundleError when the
 * sources do not compile, and with an Error when there is no opa.
 */
export async function compileBundle(sources: Sources, opa: OpaProgram): Promise<BundleFiles> {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-build-'));
  try {
    const output = join(folder, 'bundle.tar.gz');
    await build(sources, output, opa);
    return await readArchive(await readFile(output), maxBytes);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function build(sources: Sources, output: string, opa: OpaProgram): Promise<void> {
  const { paths, entrypoints, revision, ignore } = sources;
  const { cwd, operands } = await placeOf(paths);
  const options = [
    ...entrypoints.flatMap((entrypoint) => ['-e', entrypoint]),
    ...ignore.flatMap((pattern) => ['--ignore', pattern]),
    ...(revision === undefined ? [] : ['-r', revision]),
  ];
  const args = ['build', '-t', 'wasm', ...options, '-o', output, '--', ...operands];
  try {
    await run(opa.command, args, { cwd, env: { ...opa.environment } });
  } catch (error) {
    throw faultOf(error);
  }
}

/** One folder is built from within, so that the bundle does not tell where it was. */
async function placeOf(paths: readonly string[]) {
  const [only = '.', ...others] = paths;
  const isFolder = others.length === 0 && (await stat(only)).isDirectory();
  return isFolder ? { cwd: only, operands: ['.'] } : { cwd: process.cwd(), operands: paths };
}

function faultOf(error: unknown): Error {
  const { code, said } = readFault(error);
  if (code === 'ENOENT') {
    return new Error(
      'opa is needed to compile Rego, and is not on the PATH: install it from ' +
        'https://www.openpolicyagent.org/docs/#1-download-opa',
      { cause: error },
    );
  }
  const hint = /entrypoint .* does not refer to/.test(said) ? `\n${entrypointHint}` : '';
  return new BundleError(`opa build refuses it: ${said || String(error)}${hint}`, { cause: error });
}

const entrypointHint =
  'Name a rule of these sources: allow of the package envoy.authz is -e envoy/authz/allow.';

/** What `execFile` adds to its Error. */
interface RunFault extends Partial<Error> {
  readonly code?: unknown;
  readonly stdout?: unknown;
  readonly stderr?: unknown;
}

/** OPA says what is wrong with a policy on its standard output. */
function readFault(error: unknown): { readonly code: unknown; readonly said: string } {
  const fault: RunFault = error instanceof Error ? error : {};
  const said = [fault.stderr, fault.stdout].filter((text) => typeof text === 'string').join('');
  return { code: fault.code, said: said.trim() };
}
