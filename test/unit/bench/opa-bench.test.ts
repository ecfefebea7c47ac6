import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CannotMeasure } from '../../../bench/cannot-measure.ts';
import { microsOf } from '../../../bench/opa-bench.ts';

test('what opa bench prints is microseconds an evaluation', () => {
  assert.equal(microsOf('{"N": 61078, "T": 610780000, "Bytes": 0, "Extra": {}}'), 10);
});

test('what is no result of a benchmark is not a figure', () => {
  for (const output of ['{}', '{"N": 0, "T": 0}', '{"N": "1", "T": 1}']) {
    assert.throws(() => microsOf(output), CannotMeasure);
  }
});
