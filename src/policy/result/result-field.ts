import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../../domain/json.ts';

/** A result that is not of the documented shape: the policy's fault. The message names the field. */
export class ResultFault extends Error {
  override readonly name = 'ResultFault';
}

/** Reads one field of a policy's result, or throws a ResultFault. `name` is for the message. */
export type FieldReader<T> = (value: JsonValue, name: string) => T;

/** Reads an optional field; `null` is not absent. */
export function optional<T>(object: JsonObject, name: string, read: FieldReader<T>): T | undefined {
  const value = Object.hasOwn(object, name) ? object[name] : undefined;
  return value === undefined ? undefined : read(value, name);
}

export function required<T>(object: JsonObject, name: string, read: FieldReader<T>): T {
  const value = optional(object, name, read);
  if (value === undefined) throw new ResultFault(`${name} is missing`);
  return value;
}

export function readBoolean(value: JsonValue, name: string): boolean {
  if (typeof value === 'boolean') return value;
  throw mismatch(name, 'a boolean', value);
}

export function readString(value: JsonValue, name: string): string {
  if (typeof value === 'string') return value;
  throw mismatch(name, 'a string', value);
}

export function readNumber(value: JsonValue, name: string): number {
  if (typeof value === 'number') return value;
  throw mismatch(name, 'a number', value);
}

export function readObject(value: JsonValue, name: string): JsonObject {
  if (isJsonObject(value)) return value;
  throw mismatch(name, 'an object', value);
}

export function readCount(value: JsonValue, name: string): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value > 0) return value;
  throw new ResultFault(`${name} must be a whole number above 0`);
}

export function arrayOf<T>(read: FieldReader<T>): FieldReader<readonly T[]> {
  return (value, name) => {
    if (!isJsonArray(value)) throw mismatch(name, 'an array', value);
    return value.map((item, index) => read(item, `${name}[${index}]`));
  };
}

export function mismatch(name: string, expected: string, value: JsonValue): ResultFault {
  return new ResultFault(`${name} must be ${expected}, and is ${typeName(value)}`);
}

/** Not the value itself, which may be a secret. */
function typeName(value: JsonValue): string {
  if (value === null) return 'null';
  if (isJsonArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
