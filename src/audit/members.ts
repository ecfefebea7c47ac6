import { emptyMap } from '../domain/empty-map.ts';
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../domain/json.ts';

const indexPattern = /^(?:0|[1-9][0-9]{0,9})$/;

/** A member of an object or an element of a list; never what it inherits. */
export function memberOf(value: JsonValue, name: string): JsonValue | undefined {
  if (isJsonArray(value)) return indexPattern.test(name) ? value[Number(name)] : undefined;
  return isJsonObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

/** The value with another member in the place of one that it has; the rest is shared. */
export function withMember(value: JsonValue, name: string, member: JsonValue): JsonValue {
  if (isJsonArray(value)) return value.with(Number(name), member);
  if (!isJsonObject(value)) return value;
  const copy = copyWithout(value, []);
  copy[name] = member;
  return copy;
}

/**
 * The value without members that it has; the rest is shared. An element of a list becomes null: were
 * it taken out, a pointer to a later one would name the wrong one.
 */
export function withoutMembers(value: JsonValue, names: readonly string[]): JsonValue {
  if (isJsonArray(value)) {
    return value.map((element, index) => (names.includes(String(index)) ? null : element));
  }
  return isJsonObject(value) ? copyWithout(value, names) : value;
}

/** A loop, because it is several times as fast as a spread on the objects that checks are made of. */
function copyWithout(value: JsonObject, names: readonly string[]): Record<string, JsonValue> {
  const copy = emptyMap<JsonValue>();
  for (const name in value) {
    const member = value[name];
    if (member !== undefined && !names.includes(name)) copy[name] = member;
  }
  return copy;
}
