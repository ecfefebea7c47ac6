export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;

export interface JsonObject {
  readonly [key: string]: JsonValue;
}

export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Like Array.isArray, which forgets what the items are. */
export function isJsonArray(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/** Undefined when it is none. Numbers are doubles: digits beyond those are lost. */
export function parsePlainJson(text: string): JsonValue | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isParsed(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** JSON.parse gives nothing else. */
function isParsed(value: unknown): value is JsonValue {
  return value !== undefined;
}
