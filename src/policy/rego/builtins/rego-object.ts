import { integerNumber } from './exact-number.ts';
import { RegoObject, type RegoValue } from '../value.ts';

export function regoObject(members: Readonly<Record<string, RegoValue>>): RegoObject {
  return RegoObject.of(Object.entries(members));
}

/** As Go writes a slice that was never filled. */
export function orNull(values: readonly RegoValue[]): RegoValue {
  return values.length === 0 ? null : values;
}

/** An integer of any size. */
export function numberOf(integer: bigint): RegoValue {
  return integerNumber(integer);
}
