import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock } from '../../../src/domain/clock.ts';
import { arrivalOf } from '../../../src/server/check-arrival.ts';

const clock: Clock = { nowMs: () => 1_000_000, monotonicMs: () => 500 };
const times = { checkTimeoutMs: 150, deadlineMarginMs: 20 };

function callUntil(deadline: number) {
  return { getDeadline: () => deadline, cancelled: false };
}

/** The time for a check whose caller waits so long. */
function budgetFor(callerTimeoutMs: number): number {
  const check = arrivalOf(callUntil(clock.nowMs() + callerTimeoutMs), clock, times);
  return check.deadlineMs - check.startedMs;
}

test('a check has what its caller waits, less the margin', () => {
  assert.equal(budgetFor(50), 30);
  assert.equal(budgetFor(2000), 1980);
});

test('a check whose caller names no timeout has the configured time', () => {
  assert.equal(budgetFor(Infinity), 150);
});

test('a timeout that nobody chose for a check counts as none', () => {
  assert.equal(budgetFor(600_000), 150);
});

test('a caller that waits no longer than the margin leaves no time', () => {
  assert.ok(budgetFor(20) <= 0);
  assert.ok(budgetFor(-5) <= 0);
});

test('every check has its own id and its own stages', () => {
  const [first, second] = [1, 2].map(() => arrivalOf(callUntil(Infinity), clock, times));
  assert.notEqual(first?.id, second?.id);
  assert.notEqual(first?.stageMs, second?.stageMs);
});

test('a check is cancelled when its call is', () => {
  const call = callUntil(Infinity);
  const check = arrivalOf(call, clock, times);
  assert.equal(check.cancelled, false);
  call.cancelled = true;
  assert.equal(check.cancelled, true);
});
