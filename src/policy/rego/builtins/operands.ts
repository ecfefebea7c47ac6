import { BuiltinError } from '../builtin.ts';
import {
  isArray,
  isNumber,
  type RegoNumber,
  RegoObject,
  RegoSet,
  type RegoValue,
  typeNameOf,
} from '../value.ts';
import { exactInteger } from './exact-number.ts';

/**
 * Readers of a builtin's operands. Each throws a BuiltinError in OPA's words when the value is of
 * another type (OPA v1/topdown/builtins); positions count from 1.
 */
export function stringOperand(value: RegoValue, position: number): string {
  if (typeof value === 'string') return value;
  throw operandTypeError(position, value, 'string');
}

export function numberOperand(value: RegoValue, position: number): RegoNumber {
  if (isNumber(value)) return value;
  throw operandTypeError(position, value, 'number');
}

/** An integer of 64 bits. Those beyond 2^53 are rounded: no count or index is that large. */
export function integerOperand(value: RegoValue, position: number): number {
  const integer = exactInteger(numberOperand(value, position));
  if (integer !== undefined && BigInt.asIntN(64, integer) === integer) return Number(integer);
  throw operandError(position, 'must be integer number but got floating-point number');
}

/** An integer of any size. */
export function bigIntegerOperand(value: RegoValue, position: number): bigint {
  if (!isNumber(value)) throw operandTypeError(position, value, 'integer');
  const integer = exactInteger(value);
  if (integer !== undefined) return integer;
  throw operandError(position, 'must be integer number but got floating-point number');
}

export function arrayOperand(value: RegoValue, position: number): readonly RegoValue[] {
  if (isArray(value)) return value;
  throw operandTypeError(position, value, 'array');
}

export function objectOperand(value: RegoValue, position: number): RegoObject {
  if (value instanceof RegoObject) return value;
  throw operandTypeError(position, value, 'object');
}

/** The members of an array or a set, all of them strings. */
export function stringsOperand(value: RegoValue, position: number): readonly string[] {
  const members = membersOf(value);
  if (members === undefined) throw operandTypeError(position, value, 'array', 'set');
  return members.map((member) => {
    if (typeof member === 'string') return member;
    const type = typeNameOf(value);
    const held = typeNameOf(member);
    throw operandError(position, `must be ${type} of strings but got ${type} containing ${held}`);
  });
}

/** The members of an array or a set. */
export function membersOf(value: RegoValue): readonly RegoValue[] | undefined {
  if (value instanceof RegoSet) return value.values;
  return isArray(value) ? value : undefined;
}

export function operandError(position: number, message: string): BuiltinError {
  return new BuiltinError(`operand ${position} ${message}`);
}

export function operandTypeError(
  position: number,
  value: RegoValue,
  ...expected: readonly string[]
): BuiltinError {
  const wanted = expected.length === 1 ? expected[0] : `one of {${expected.join(', ')}}`;
  return operandError(position, `must be ${wanted} but got ${typeNameOf(value)}`);
}
