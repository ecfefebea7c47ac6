import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type BuiltinCall, BuiltinHalt } from '../../../../../src/policy/rego/builtin.ts';
import { numberBuiltins } from '../../../../../src/policy/rego/builtins/numbers.ts';
import type { RegoValue } from '../../../../../src/policy/rego/value.ts';
import { callOf, testAgainstOracle } from './oracle.ts';

testAgainstOracle('numbers', numberBuiltins);

test('rand.intn answers the same seed and bound alike within one evaluation, and is within its bound', () => {
  const [call, other] = [callOf(), callOf()];
  const first = rand(call, 'a', 2 ** 50);
  assert.equal(rand(call, 'a', -(2 ** 50)), first);
  assert.notEqual(rand(other, 'a', 2 ** 50), first);
  for (let at = 0; at < 50; at += 1) assert.ok([0, 1, 2].includes(Number(rand(call, `${at}`, 3))));
});

test('a range that would fill the memory ends the evaluation', () => {
  const range = numberBuiltins['numbers.range_step'];
  assert.throws(() => range?.(callOf(), 0, 1e9, 1), BuiltinHalt);
});

function rand(call: BuiltinCall, seed: string, bound: number): RegoValue | undefined {
  return numberBuiltins['rand.intn']?.(call, seed, bound);
}
