import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatTable } from '../../../bench/table.ts';

test('names stand to the left and figures to the right', () => {
  const rows = [
    ['', 'µs'],
    ['baseline', '9'],
    ['own', '123'],
  ];
  assert.equal(formatTable(rows), '           µs\nbaseline    9\nown       123');
});
