import { createHash } from 'node:crypto';
import { headerFault } from '../domain/header.ts';
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../domain/json.ts';
import { readArchive } from './bundle-archive.ts';
import { mergeData } from './bundle-data.ts';
import { BundleError } from './bundle-error.ts';
import { parseJsonBytes } from './json-text.ts';

/** An OPA bundle that holds compiled policy. */
export interface PolicyBundle {
  /** The manifest's, else the first 12 hexadecimal digits of the archive's SHA-256. Never empty. */
  readonly revision: string;
  /** WASM modules by the entrypoint that they answer, for example `envoy/authz/allow`. */
  readonly modules: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
  readonly data: JsonObject;
}

const maxUnpackedBytes = 64 * 1024 * 1024;

/** Reads the .tar.gz that `opa build -t wasm` writes. Throws a BundleError. */
export async function readBundle(
  archive: Uint8Array,
  limits: { readonly maxUnpackedBytes: number } = { maxUnpackedBytes },
): Promise<PolicyBundle> {
  const files = await readArchive(archive, limits.maxUnpackedBytes);
  if (files.has('patch.json')) {
    throw new BundleError('the bundle is a delta bundle: only snapshot bundles can be served');
  }
  const manifest = readManifest(files.get('.manifest'));
  return {
    revision: manifest.revision || digestOf(archive),
    modules: readModules(manifest.wasm, files),
    data: mergeData(files),
  };
}

interface WasmEntry {
  readonly entrypoint: string;
  readonly module: string;
}

interface Manifest {
  readonly revision: string;
  readonly wasm: readonly WasmEntry[];
}

function readManifest(content: Uint8Array | undefined): Manifest {
  if (content === undefined) return { revision: '', wasm: [] };
  const manifest = parseJsonBytes(content);
  if (!isJsonObject(manifest)) {
    throw new BundleError('.manifest in the bundle is not a JSON object');
  }
  const { revision = '', wasm = [] } = manifest;
  // Every response names the revision in a header.
  if (typeof revision !== 'string' || headerFault({ name: 'revision', value: revision })) {
    throw new BundleError('revision in .manifest of the bundle is not a string of plain text');
  }
  if (!isJsonArray(wasm)) throw new BundleError('wasm in .manifest of the bundle is not an array');
  return { revision, wasm: wasm.map(readWasmEntry) };
}

function readWasmEntry(entry: JsonValue): WasmEntry {
  if (isJsonObject(entry)) {
    const { entrypoint, module } = entry;
    if (typeof entrypoint === 'string' && typeof module === 'string') return { entrypoint, module };
  }
  throw new BundleError('.manifest of the bundle has a wasm entry without entrypoint and module');
}

function readModules(
  wasm: readonly WasmEntry[],
  files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>,
): Map<string, Uint8Array<ArrayBuffer>> {
  const modules = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const { entrypoint, module } of wasm) {
    const content = files.get(module.replace(/^\//, ''));
    if (content === undefined) {
      throw new BundleError(`.manifest of the bundle names ${module}, which is not in it`);
    }
    modules.set(entrypoint, content);
  }
  return modules;
}

function digestOf(archive: Uint8Array): string {
  return createHash('sha256').update(archive).digest('hex').slice(0, 12);
}
