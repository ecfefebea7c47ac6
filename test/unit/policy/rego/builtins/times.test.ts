import assert from 'node:assert/strict';
import { test } from 'node:test';
import { timeBuiltins } from '../../../../../src/policy/rego/builtins/time/times.ts';
import { callOf, testAgainstOracle } from './oracle.ts';

testAgainstOracle('times', timeBuiltins);

test('time.now_ns is the evaluation’s own time, to the nanosecond', () => {
  const now = 1_700_000_000_123_456_789n;
  assert.equal(timeBuiltins['time.now_ns']?.(callOf(now)), now);
});
