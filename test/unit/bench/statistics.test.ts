import assert from 'node:assert/strict';
import { test } from 'node:test';
import { quantile, ratiosOf, spreadOf } from '../../../bench/statistics.ts';

test('a quantile lies between its neighbours', () => {
  assert.equal(quantile([4, 1, 3, 2], 0.5), 2.5);
  assert.equal(quantile([7], 0.99), 7);
  assert.equal(quantile([10, 0], 0.99), 9.9);
});

test('numbers are ordered as numbers', () => {
  assert.deepEqual(spreadOf([9, 10, 100]), { median: 10, min: 9, max: 100 });
});

test('a ratio is taken round by round, so a slow round of both cancels out', () => {
  assert.deepEqual(ratiosOf([20, 80, 30], [10, 40, 10]), { median: 2, min: 2, max: 3 });
});
