import type { JsonValue } from '../domain/json.ts';

/**
 * How deep a document may nest. The WASM parser recurses on the native stack and fails at about
 * 10,000; a document that is never written by hand ends well before.
 */
const maxDepth = 500;

/** A number outside a string, of more than 15 digits or with an exponent: a double may differ. */
const perhapsInexact = /(?:^|[[:,\s])-?\d(?:[\d.]{15}|[\d.]*[eE])/;

/**
 * Parses JSON text, or returns undefined when it is none or nests too deep. A number that a double
 * cannot hold keeps its text (`JSON.rawJSON`): a policy that compares 1000.00000000000000001 with
 * 1000 must see what the service behind it may see.
 */
export function parseJson(text: string): JsonValue | undefined {
  try {
    const isPlain = !perhapsInexact.test(text);
    const value: unknown = isPlain ? JSON.parse(text) : JSON.parse(text, keepExactly);
    return isJson(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** Like parseJson, from UTF-8. Invalid bytes become U+FFFD and a BOM is an error, as in Go. */
export function parseJsonBytes(bytes: Uint8Array): JsonValue | undefined {
  return parseJson(decoder.decode(bytes));
}

function keepExactly(_key: string, value: unknown, { source }: { readonly source?: string }) {
  return typeof value === 'number' && source !== undefined && String(value) !== source
    ? JSON.rawJSON(source)
    : value;
}

/** Whether a value is JSON, and nests no deeper than a document may. */
export function isJson(value: unknown, depth = maxDepth): value is JsonValue {
  if (typeof value !== 'object' || value === null) return value !== undefined;
  if (depth === 0) return false;
  const children: readonly unknown[] = Array.isArray(value) ? value : Object.values(value);
  return children.every((child) => isJson(child, depth - 1));
}
