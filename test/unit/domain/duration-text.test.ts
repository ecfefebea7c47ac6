import assert from 'node:assert/strict';
import { test } from 'node:test';
import { durationText } from '../../../src/domain/duration-text.ts';

const cases: readonly [ms: number, text: string][] = [
  [0, '0ms'],
  [250, '250ms'],
  [999.5, '1s'],
  [1000, '1s'],
  [1001, '2s'],
  [59_001, '1m'],
  [61_000, '1m1s'],
  [3_599_001, '1h'],
  [3_660_000, '1h1m'],
  [86_400_000, '24h'],
];

for (const [ms, text] of cases) {
  test(`${ms} ms are ${text}`, () => {
    assert.equal(durationText(ms), text);
  });
}
