import type { HeaderField, QueryParameter } from '../../domain/decision/decision.ts';
import { isJsonArray, isJsonObject, type JsonValue } from '../../domain/json.ts';
import { arrayOf, mismatch, readObject, readString } from './result-field.ts';

/** Headers to write: an object of strings and arrays of strings, or an array of such objects. */
export function readHeaders(value: JsonValue, name: string): readonly HeaderField[] {
  const objects = isJsonArray(value) ? arrayOf(readObject)(value, name) : [readObject(value, name)];
  return objects
    .flatMap((object) => pairsOf(object, name))
    .map(([header, text]) => ({ name: header, value: text }));
}

export function readQueryParameters(value: JsonValue, name: string): readonly QueryParameter[] {
  return pairsOf(readObject(value, name), name).map(([key, text]) => ({ key, value: text }));
}

/** `{"a": "1", "b": ["2", "3"]}` as pairs. */
function pairsOf(object: JsonValue, name: string): [key: string, text: string][] {
  if (!isJsonObject(object)) throw mismatch(name, 'an object', object);
  return Object.entries(object).flatMap(([key, value]) => {
    const at = `${name}.${key}`;
    const texts = isJsonArray(value) ? arrayOf(readString)(value, at) : [readString(value, at)];
    return texts.map((text): [string, string] => [key, text]);
  });
}
