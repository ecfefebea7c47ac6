import { headerFault } from '../../../domain/request/header.ts';
import {
  isJsonArray,
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from '../../../domain/json.ts';
import { BundleError } from '../../bundle-error.ts';
import { parseJsonBytes } from '../../parse-json.ts';
import type { BundleFiles } from './bundle-files.ts';
import { formatRoot, overlapIn, parseRoot, type Root, RootTree } from './roots.ts';

/** What a bundle says of itself. */
export interface Manifest {
  /** Empty when it says nothing. */
  readonly revision: string;
  /** Never overlap. */
  readonly roots: readonly Root[];
  /** Each entrypoint once, and within the roots. */
  readonly wasm: readonly WasmEntry[];
}

export interface WasmEntry {
  /** `envoy/authz/allow` */
  readonly entrypoint: string;
  /** The path of a file of the bundle, without a leading slash. */
  readonly module: string;
}

/** Reads `.manifest`; without one, a bundle owns all of `data`. Throws a BundleError. */
export function readManifest(files: BundleFiles): Manifest {
  const manifest = parseManifest(files);
  const { revision = '' } = manifest;
  // Every response names the revision in a header.
  if (typeof revision !== 'string' || headerFault({ name: 'revision', value: revision })) {
    throw new BundleError('revision in .manifest of the bundle is not a string of plain text');
  }
  const roots = readRoots(manifest['roots']);
  return { revision, roots, wasm: readWasmEntries(manifest['wasm'], roots) };
}

/** OPA takes any file whose name ends so for the manifest, and refuses a second one. */
function parseManifest(files: BundleFiles): JsonObject {
  const protobuf = [...files.keys()].find((path) => path.endsWith('.manifest.pb'));
  if (protobuf !== undefined) {
    throw new BundleError(`${protobuf} in the bundle is not supported: write .manifest as JSON`);
  }
  const [path, second] = [...files.keys()].filter((name) => name.endsWith('.manifest'));
  if (path === undefined) return {};
  if (second !== undefined) {
    throw new BundleError(`the bundle has two manifests, ${path} and ${second}`);
  }
  const content = files.get(path);
  const manifest = content && parseJsonBytes(content);
  if (isJsonObject(manifest)) return manifest;
  throw new BundleError(`${path} in the bundle is not a JSON object`);
}

function readRoots(roots: JsonValue = ['']): Root[] {
  const texts = isJsonArray(roots) ? roots.filter((root) => typeof root === 'string') : [];
  if (!isJsonArray(roots) || texts.length !== roots.length) {
    throw new BundleError('roots in .manifest of the bundle is not an array of strings');
  }
  const parsed = texts.map(parseRoot);
  const both = overlapIn(parsed);
  if (both === undefined) return parsed;
  throw new BundleError(
    `roots in .manifest of the bundle overlap: ${both.map(formatRoot).join(' and ')}`,
  );
}

function readWasmEntries(wasm: JsonValue = [], roots: readonly Root[]): WasmEntry[] {
  if (!isJsonArray(wasm)) throw new BundleError('wasm in .manifest of the bundle is not an array');
  const entries = wasm.map(readWasmEntry);
  const seen = new Set<string>();
  const tree = new RootTree(roots);
  for (const { entrypoint } of entries) {
    if (!tree.isWithin(entrypoint.split('/'))) {
      throw outsideRoots(`entrypoint ${entrypoint}`, roots);
    }
    if (seen.has(entrypoint)) {
      throw new BundleError(`.manifest of the bundle has two modules for entrypoint ${entrypoint}`);
    }
    seen.add(entrypoint);
  }
  return entries;
}

function readWasmEntry(entry: JsonValue): WasmEntry {
  if (isJsonObject(entry)) {
    const { entrypoint, module } = entry;
    if (typeof entrypoint === 'string' && typeof module === 'string') {
      return { entrypoint, module: module.replace(/^\//, '') };
    }
  }
  throw new BundleError('.manifest of the bundle has a wasm entry without entrypoint and module');
}

/** What a bundle holds and does not own. */
export function outsideRoots(what: string, roots: readonly Root[]): BundleError {
  return new BundleError(
    `${what} in the bundle is outside the roots that its .manifest names: ` +
      (roots.map(formatRoot).join(', ') || 'none'),
  );
}
