import { isJsonObject, type JsonObject, jsonText, type JsonValue } from '../../../domain/json.ts';
import { BundleError } from '../../bundle-error.ts';
import type { DataPart } from '../../policy-bundle.ts';
import { parseJsonBytes } from '../../parse-json.ts';
import type { BundleFiles } from './bundle-files.ts';
import { outsideRoots } from './manifest.ts';
import { OwnCopies } from './own-copies.ts';
import { type Root, RootTree } from './roots.ts';

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
  const copies = new OwnCopies();
  const data = copies.of({});
  for (const [path, content] of files) {
    const folders = path.split('/');
    const file = folders.pop();
    if (isDataFile(file)) mergeInto(data, nest(folders, readData(path, content)), 'data', copies);
  }
  const outside = pathOutside(data, [], new RootTree(roots));
  if (outside !== undefined) throw outsideRoots(`data.${outside.join('.')}`, roots);
  return data;
}

/** Throws a BundleError when both define the same thing. */
function mergeInto(
  target: Record<string, JsonValue>,
  document: JsonObject,
  at: string,
  copies: OwnCopies,
): void {
  for (const [key, value] of Object.entries(document)) {
    const present = target[key];
    target[key] = present === undefined ? value : mergeBoth(present, value, `${at}.${key}`, copies);
  }
}

function mergeBoth(
  present: JsonValue,
  value: JsonValue,
  at: string,
  copies: OwnCopies,
): JsonObject {
  if (!isJsonObject(present) || !isJsonObject(value)) {
    throw new BundleError(`two data files in the bundle define ${at}`);
  }
  const merged = copies.of(present);
  mergeInto(merged, value, at, copies);
  return merged;
}

function readData(path: string, content: Uint8Array): JsonObject {
  const document = parseJsonBytes(content);
  if (isJsonObject(document)) return document;
  throw new BundleError(`${path} in the bundle is not a JSON object`);
}

function nest(folders: readonly string[], document: JsonObject): JsonObject {
  return folders.reduceRight((inner, folder) => ({ [folder]: inner }), document);
}

/** The first path that is not owned. Objects above a root may be there, for they lead to it. */
function pathOutside(
  value: JsonValue,
  path: readonly string[],
  roots: RootTree,
): readonly string[] | undefined {
  if (roots.isWithin(path)) return undefined;
  if (!isJsonObject(value) || !roots.leadsTo(path)) return path;
  for (const [key, child] of Object.entries(value)) {
    const outside = pathOutside(child, [...path, key], roots);
    if (outside !== undefined) return outside;
  }
  return undefined;
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
