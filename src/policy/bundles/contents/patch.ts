import {
  isJsonArray,
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from '../../../domain/json.ts';
import { BundleError } from '../../bundle-error.ts';
import { emptyMap } from '../../../domain/empty-map.ts';
import { parseJsonBytes } from '../../parse-json.ts';
import { unescapePath } from '../../input/url-decoding.ts';
import type { PatchOperation } from './bundle.ts';
import type { BundleFiles } from './bundle-files.ts';
import { outsideRoots } from './manifest.ts';
import { OwnCopies } from './own-copies.ts';
import { type Root, RootTree } from './roots.ts';

const patchFile = 'patch.json';

/** What has a patch is a delta, and can be nothing else. */
export function isDelta(files: BundleFiles): boolean {
  return [...files.keys()].some((path) => path === patchFile || path.endsWith(`/${patchFile}`));
}

/** Reads the operations of a delta. Throws a BundleError; so it does for any other content. */
export function readPatch(files: BundleFiles, roots: readonly Root[]): PatchOperation[] {
  const other = [...files.keys()].find((path) => path !== patchFile && path !== '.manifest');
  if (other !== undefined) {
    throw new BundleError(
      `the bundle has both ${patchFile} and ${other}: a delta has only patches`,
    );
  }
  const document = parseJsonBytes(files.get(patchFile) ?? new Uint8Array());
  const operations = isJsonObject(document) ? document['data'] : undefined;
  if (!isJsonArray(operations)) {
    throw new BundleError(`${patchFile} in the bundle has no data: expected {"data": [...]}`);
  }
  const tree = new RootTree(roots);
  return operations.map((operation, index) => {
    const read = readOperation(operation, `data[${index}] of ${patchFile}`);
    if (tree.isWithin(read.path)) return read;
    throw outsideRoots(`data.${read.path.join('.')}`, roots);
  });
}

function readOperation(operation: JsonValue, at: string): PatchOperation {
  const { op, path: text, value = null } = isJsonObject(operation) ? operation : {};
  if (op !== 'upsert' && op !== 'remove' && op !== 'replace') {
    throw new BundleError(`${at} in the bundle is not an upsert, a remove or a replace`);
  }
  const path = typeof text === 'string' ? parsePath(text) : undefined;
  if (path === undefined) throw new BundleError(`${at} in the bundle has no path into data`);
  return { op, path, value };
}

/** RFC 6901, percent-encoded, and with or without the first slash: OPA takes all of that. */
function parsePath(text: string): string[] | undefined {
  const trimmed = text.replace(/^\/+|\/+$/g, '');
  const parts = trimmed.split('/').map(unescapePath);
  const known = parts.filter((part) => part !== undefined);
  if (trimmed === '' || known.length < parts.length) return undefined;
  return known.map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** The data with the operations applied in order; `data` stays as it is. Throws a BundleError. */
export function applyPatch(data: JsonObject, patch: readonly PatchOperation[]): JsonObject {
  const copies = new OwnCopies();
  let patched: JsonValue = data;
  for (const operation of patch) patched = applyAt(patched, operation, 0, copies);
  if (isJsonObject(patched)) return patched;
  throw new BundleError('the delta bundle leaves no object of data');
}

function applyAt(
  value: JsonValue | undefined,
  operation: PatchOperation,
  depth: number,
  copies: OwnCopies,
): JsonValue {
  const { op, path } = operation;
  const key = path[depth];
  if (key === undefined) return operation.value;
  const isLast = depth === path.length - 1;
  if (isJsonArray(value)) return applyToArray(value, key, operation, depth, copies);
  // OPA makes the objects that lead to an upsert.
  const object = value ?? (op === 'upsert' ? emptyMap<JsonValue>() : undefined);
  if (!isJsonObject(object)) throw notThere(operation);
  if (op !== 'upsert' && !Object.hasOwn(object, key)) throw notThere(operation);
  const copy = copies.of(object);
  if (isLast && op === 'remove') delete copy[key];
  else copy[key] = applyAt(own(object, key), operation, depth + 1, copies);
  return copy;
}

/** `-` is the end; an upsert inserts before the item that is there (OPA's storage, RFC 6902). */
function applyToArray(
  array: readonly JsonValue[],
  key: string,
  operation: PatchOperation,
  depth: number,
  copies: OwnCopies,
): JsonValue {
  const isLast = depth === operation.path.length - 1;
  const inserts = isLast && operation.op === 'upsert';
  const index = key === '-' && inserts ? array.length : Number(/^\d{1,9}$/.test(key) ? key : NaN);
  if (!(index < array.length + (inserts ? 1 : 0))) throw notThere(operation);
  if (isLast && operation.op === 'remove') return array.toSpliced(index, 1);
  const item = applyAt(inserts ? undefined : array[index], operation, depth + 1, copies);
  return array.toSpliced(index, inserts ? 0 : 1, item);
}

function own(object: JsonObject, key: string): JsonValue | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

function notThere({ op, path }: PatchOperation): BundleError {
  return new BundleError(`the delta bundle cannot ${op} data.${path.join('.')}: it is not there`);
}
