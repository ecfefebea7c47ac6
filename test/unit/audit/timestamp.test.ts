import assert from 'node:assert/strict';
import { test } from 'node:test';
import { timestampOf } from '../../../src/audit/timestamp.ts';

test('a timestamp has the nanoseconds that the clock knows, and zeros for the rest', () => {
  const times: readonly (readonly [epochMs: number, text: string])[] = [
    [0, '1970-01-01T00:00:00.000000000Z'],
    [1_700_000_000_123, '2023-11-14T22:13:20.123000000Z'],
    [1_700_000_000_999.5, '2023-11-14T22:13:20.999500000Z'],
    // The next second, and then an earlier one again.
    [1_700_000_001_007.25, '2023-11-14T22:13:21.007250000Z'],
    [1_700_000_000_000, '2023-11-14T22:13:20.000000000Z'],
    [-1, '1969-12-31T23:59:59.999000000Z'],
  ];
  for (const [epochMs, text] of times) assert.equal(timestampOf(epochMs), text);
});
