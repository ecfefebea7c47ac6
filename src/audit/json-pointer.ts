import { isJsonObject, type JsonValue } from '../domain/json.ts';

/** The tokens of a JSON pointer (RFC 6901), or undefined when the text is not one. */
export function parsePointer(pointer: string): string[] | undefined {
  if (!/^(?:\/(?:[^~/]|~[01])*)*$/.test(pointer)) return undefined;
  return pointer
    .split('/')
    .slice(1)
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
}

export function formatPointer(path: readonly string[]): string {
  return path.map((token) => `/${token.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/** What the path names, or undefined. */
export function valueAt(value: JsonValue, path: readonly string[]): JsonValue | undefined {
  let current: JsonValue | undefined = value;
  for (const token of path) {
    if (current === undefined) return undefined;
    current = childOf(current, token);
  }
  return current;
}

/**
 * The value without what the path names; the very same value when the path names nothing. Copies
 * what lies on the path and shares the rest. An array's element becomes null: were it taken out,
 * the next pointer into that array would name the wrong one.
 */
export function without(value: JsonValue, path: readonly string[], depth = 0): JsonValue {
  const token = path[depth];
  if (token === undefined) return value;
  const child = childOf(value, token);
  if (child === undefined) return value;
  if (depth === path.length - 1) {
    return isList(value) ? withChild(value, token, null) : omit(value, token);
  }
  const remaining = without(child, path, depth + 1);
  return remaining === child ? value : withChild(value, token, remaining);
}

const indexPattern = /^(?:0|[1-9][0-9]{0,9})$/;

function childOf(value: JsonValue, token: string): JsonValue | undefined {
  if (isList(value)) return indexPattern.test(token) ? value[Number(token)] : undefined;
  return isJsonObject(value) && Object.hasOwn(value, token) ? value[token] : undefined;
}

function withChild(value: JsonValue, token: string, child: JsonValue): JsonValue {
  if (isList(value)) return value.with(Number(token), child);
  // A computed key defines a property of its own, also one that is called `__proto__`.
  return isJsonObject(value) ? { ...value, [token]: child } : value;
}

function omit(value: JsonValue, token: string): JsonValue {
  if (!isJsonObject(value)) return value;
  // No prototype: `__proto__` is a name like any other. A loop: four times as fast as a spread.
  const others: Record<string, JsonValue> = { __proto__: null };
  for (const name of Object.keys(value)) {
    const member = value[name];
    if (name !== token && member !== undefined) others[name] = member;
  }
  return others;
}

/** `Array.isArray` does not narrow a readonly array. */
function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}
