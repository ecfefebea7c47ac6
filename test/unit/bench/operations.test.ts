import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { timeOperations } from '../../../bench/operations.ts';

test('an operation is timed to its end, also when that comes later', async () => {
  let calls = 0;
  const [immediate, later] = await timeOperations(
    [
      { name: 'immediate', run: () => 1 },
      // Only now and then, so that the warm-up is not the test.
      { name: 'later', run: () => (++calls % 10_000 === 0 ? sleep(20) : 1) },
    ],
    3,
  );
  assert.deepEqual([immediate?.name, later?.name], ['immediate', 'later']);
  assert.ok((immediate?.micros.median ?? Number.NaN) < 1);
  assert.ok((later?.micros.median ?? Number.NaN) > 1);
});
