import {
  isJsonArray,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  parsePlainJson,
} from '../domain/json.ts';
import { printable } from '../domain/printable.ts';

/** Throws a sentence where the server has not replied with a JSON object. */
export function documentIn(body: string): JsonObject {
  const document = parsePlainJson(body);
  if (isJsonObject(document)) return document;
  throw new Error('the server answered with something else than JSON');
}

/** Parts of such a document, fit for a terminal; what is missing is nothing. */
export function objectsIn(value: JsonValue | undefined): readonly JsonObject[] {
  return isJsonArray(value) ? value.filter(isJsonObject) : [];
}

export function textsIn(value: JsonValue | undefined): readonly string[] {
  return isJsonArray(value) ? value.map((each) => text(each)) : [];
}

export function text(value: JsonValue | undefined): string {
  return typeof value === 'string' ? printable(value) : '';
}

export function number(value: JsonValue | undefined): number {
  return typeof value === 'number' ? value : 0;
}
