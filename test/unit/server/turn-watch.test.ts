import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../../../src/domain/clock.ts';
import { createTurnWatch } from '../../../src/server/turn-watch.ts';

test('a turn is overlong after its time, and the next one begins anew', async () => {
  let nowMs = 1000;
  const clock: Clock = { nowMs: () => nowMs, monotonicMs: () => nowMs };
  const turn = createTurnWatch(clock, 75);
  assert.equal(turn.isOverlong(), false);
  nowMs += 75;
  assert.equal(turn.isOverlong(), false);
  nowMs += 1;
  assert.equal(turn.isOverlong(), true);
  await setImmediate();
  await setImmediate();
  assert.equal(turn.isOverlong(), false);
});
