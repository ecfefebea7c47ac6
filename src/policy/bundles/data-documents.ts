import { isJsonObject, type JsonObject, jsonText, type JsonValue } from '../../domain/json.ts';
import { BundleError } from '../bundle-error.ts';
import { emptyMap } from '../../domain/empty-map.ts';
import type { DataPart } from '../bundle.ts';
import { parseJsonBytes } from '../json-text.ts';
import type { BundleFiles } from './bundle.ts';
import { outsideRoots } from './manifest.ts';
import { isWithin, leadsTo, type Root } from './roots.ts';

/** The files of a bundle that are data (OPA v1/bundle/bundle.go). */
export const dataFileNames = ['data.json', 'data.yaml', 'data.yml'] as const;

function isDataFile(name: string | undefined): boolean {
  return dataFileNames.some((dataFile) => dataFile === name);
}

/**
 * A bundle's data documents as one: `shop/data.json` becomes what `data.shop` is. Throws a
 * BundleError when one is not a JSON object, when two define the same thing, and when something
 * is outside the roots.
 */
export function mergeData(files: BundleFiles, roots: readonly Root[]): JsonObject {
  let data: JsonObject = emptyMap<JsonValue>();
  for (const [path, content] of files) {
    const folders = path.split('/');
    const file = folders.pop();
    if (isDataFile(file)) data = merge(data, nest(folders, readData(path, content)), 'data');
  }
  refuseOutside(data, [], roots);
  return data;
}

/** Two documents as one. Throws a BundleError when both define the same thing. */
function merge(left: JsonObject, right: JsonObject, at: string): JsonObject {
  const merged = emptyMap<JsonValue>();
  for (const [key, value] of Object.entries(left)) merged[key] = value;
  for (const [key, value] of Object.entries(right)) {
    const present = merged[key];
    merged[key] = present === undefined ? value : mergeBoth(present, value, `${at}.${key}`);
  }
  return merged;
}

function mergeBoth(left: JsonValue, right: JsonValue, at: string): JsonObject {
  if (isJsonObject(left) && isJsonObject(right)) return merge(left, right, at);
  throw new BundleError(`two data files in the bundle define ${at}`);
}

function readData(path: string, content: Uint8Array): JsonObject {
  const document = parseJsonBytes(content);
  if (isJsonObject(document)) return document;
  throw new BundleError(`${path} in the bundle is not a JSON object`);
}

function nest(folders: readonly string[], document: JsonObject): JsonObject {
  return folders.reduceRight((inner, folder) => ({ [folder]: inner }), document);
}

/** Objects above a root may be there, for they lead to it. */
function refuseOutside(value: JsonValue, path: readonly string[], roots: readonly Root[]): void {
  if (isWithin(path, roots)) return;
  if (!isJsonObject(value) || !leadsTo(path, roots)) {
    throw outsideRoots(`data.${path.join('.')}`, roots);
  }
  for (const [key, child] of Object.entries(value)) refuseOutside(child, [...path, key], roots);
}

/** What the roots own of `data`. Of objects above them nothing is left, as OPA's store has it. */
export function splitData(data: JsonObject, roots: readonly Root[]): DataPart[] {
  return roots.flatMap((root) => {
    const value = valueAt(data, root);
    return value === undefined ? [] : [{ path: root, json: Buffer.from(jsonText(value)) }];
  });
}

function valueAt(data: JsonObject, path: readonly string[]): JsonValue | undefined {
  let value: JsonValue | undefined = data;
  for (const key of path) {
    value = isJsonObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
  }
  return value;
}
