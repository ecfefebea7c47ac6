declare global {
  interface JSON {
    /** ES2026, and in Node 24: a value that is stringified as exactly this text. */
    rawJSON(text: string): JsonValue;
    isRawJSON(value: unknown): boolean;
    parse(
      text: string,
      reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown,
    ): unknown;
  }
}

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;

export interface JsonObject {
  readonly [key: string]: JsonValue;
}

/** A number that kept its text (`JSON.rawJSON`) is an object to JavaScript, and none here. */
export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !JSON.isRawJSON(value)
  );
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

/** A lone surrogate as JSON.stringify writes it; and every other escape, to step over it. */
const escapes = /\\(?:u(?<surrogate>d[89a-f][0-9a-f]{2})|.)/g;

/** JSON text that every parser reads: OPA's, and some of those of logs, refuse a lone surrogate. */
export function jsonText(value: JsonValue): string {
  return withoutLoneSurrogates(JSON.stringify(value));
}

/** In JSON text a lone surrogate becomes U+FFFD, as in Go. */
export function withoutLoneSurrogates(text: string): string {
  if (!text.includes('\\ud')) return text;
  return text.replace(escapes, (escape, surrogate) =>
    surrogate === undefined ? escape : '\ufffd',
  );
}
