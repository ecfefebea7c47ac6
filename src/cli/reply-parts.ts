import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../domain/json.ts';
import { printable } from '../domain/printable.ts';

/** Parts of what a server replied, fit for a terminal; what is missing is nothing. */
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
