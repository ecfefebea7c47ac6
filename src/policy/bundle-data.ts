import { isJsonObject, type JsonObject, type JsonValue } from '../domain/json.ts';
import { BundleError } from './bundle-error.ts';
import { parseJsonBytes } from './json-text.ts';
import { emptyMap } from './empty-map.ts';

/**
 * A bundle's data documents as one: `shop/data.json` becomes what `data.shop` is. Throws a
 * BundleError when one is not a JSON object, or two define the same thing.
 */
export function mergeData(files: ReadonlyMap<string, Uint8Array>): JsonObject {
  let data: JsonObject = emptyMap<JsonValue>();
  for (const [path, content] of files) {
    const folders = path.split('/');
    const file = folders.pop();
    if (file === 'data.yaml' || file === 'data.yml') {
      throw new BundleError(`${path} in the bundle is not supported yet: use data.json`);
    }
    if (file === 'data.json') data = merge(data, nest(folders, readData(path, content)), 'data');
  }
  return data;
}

function readData(path: string, content: Uint8Array): JsonObject {
  const document = parseJsonBytes(content);
  if (isJsonObject(document)) return document;
  throw new BundleError(`${path} in the bundle is not a JSON object`);
}

function nest(folders: readonly string[], document: JsonObject): JsonObject {
  return folders.reduceRight((inner, folder) => ({ [folder]: inner }), document);
}

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
  throw new BundleError(`two data.json files in the bundle define ${at}`);
}
