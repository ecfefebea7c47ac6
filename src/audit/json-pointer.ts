import { emptyMap } from '../domain/empty-map.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../domain/json.ts';

/** The tokens of a JSON pointer (RFC 6901), or undefined when the text is not one. */
export function parsePointer(pointer: string): string[] | undefined {
  if (!/^(?:\/(?:[^~/]|~[01])*)*$/.test(pointer)) return undefined;
  return pointer
    .split('/')
    .slice(1)
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
}

export function formatPointer(path: readonly string[]): string {
  let pointer = '';
  for (const token of path) pointer += `/${escaped(token)}`;
  return pointer;
}

function escaped(token: string): string {
  return /[~/]/.test(token) ? token.replaceAll('~', '~0').replaceAll('/', '~1') : token;
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
 * The value without the members that are named in the container at `path`; the very same value
 * when there are none. Copies the containers on the path and shares the rest. An element of an
 * array becomes null: were it taken out, a pointer to a later one would name the wrong one.
 */
export function without(
  value: JsonValue,
  path: readonly string[],
  names: readonly string[],
  depth = 0,
): JsonValue {
  const token = path[depth];
  if (token === undefined) return omit(value, names);
  const child = childOf(value, token);
  if (child === undefined) return value;
  const remaining = without(child, path, names, depth + 1);
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

function omit(value: JsonValue, names: readonly string[]): JsonValue {
  if (!names.some((name) => childOf(value, name) !== undefined)) return value;
  if (isList(value)) {
    return value.map((element, index) => (names.includes(String(index)) ? null : element));
  }
  return isJsonObject(value) ? membersBut(value, names) : value;
}

/** A loop, because it is four times as fast as a spread on the objects that headers are. */
function membersBut(value: JsonObject, names: readonly string[]): JsonObject {
  const others = emptyMap<JsonValue>();
  for (const name in value) {
    const member = value[name];
    if (member !== undefined && !names.includes(name)) others[name] = member;
  }
  return others;
}

/** `Array.isArray` does not narrow a readonly array. */
function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}
