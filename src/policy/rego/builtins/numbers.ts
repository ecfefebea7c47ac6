import { randomInt } from 'node:crypto';
import { BuiltinError, type BuiltinCall, type BuiltinTable, type Spend } from '../builtin.ts';
import type { RegoNumber } from '../number.ts';
import { integerNumber } from './exact-number.ts';
import { bigIntegerOperand, integerOperand, stringOperand } from './operands.ts';

/** OPA v1/topdown/numbers.go. */
export const numberBuiltins: BuiltinTable = {
  'numbers.range_step': ({ spend }, from, to, step) =>
    range(bigIntegerOperand(from, 1), bigIntegerOperand(to, 2), bigIntegerOperand(step, 3), spend),
  'rand.intn': (call, seed, bound) =>
    rememberedRandom(call, stringOperand(seed, 1), Math.abs(integerOperand(bound, 2))),
};

/** Both ends included; downwards when `from` is the larger. */
function range(from: bigint, to: bigint, step: bigint, spend: Spend): RegoNumber[] {
  if (step <= 0n) throw new BuiltinError('numbers.range_step: step must be a positive integer');
  const distance = from <= to ? to - from : from - to;
  const last = distance / step;
  spend(40 * Number(last));
  const stride = from <= to ? step : -step;
  return Array.from({ length: Number(last) + 1 }, (_, at) => {
    return integerNumber(from + stride * BigInt(at));
  });
}

/** Within one evaluation the same seed and bound have the same answer. */
function rememberedRandom(call: BuiltinCall, seed: string, bound: number): number {
  if (bound === 0) return 0;
  const key = `rand.intn ${bound} ${seed}`;
  const known = call.remembered.get(key);
  if (typeof known === 'number') return known;
  const random = randomBelow(bound);
  call.remembered.set(key, random);
  return random;
}

/** node:crypto's randomInt takes ranges below 2^48 only. */
function randomBelow(bound: number): number {
  return bound < 2 ** 48 ? randomInt(bound) : Math.floor(Math.random() * bound);
}
