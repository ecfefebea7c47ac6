import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CannotMeasure } from '../../../bench/cannot-measure.ts';
import { cpuMicros, ticksOf } from '../../../bench/cpu-time.ts';

test('the ticks of user and system are added, whatever the process is called', () => {
  assert.equal(ticksOf('7 (a) b (c) R 1 7 7 0 -1 4 90 0 0 0 120 45 3 1 20 0 11 0'), 165);
});

test('the CPU time agrees with what the process knows of itself', () => {
  const stopAt = performance.now() + 50;
  while (performance.now() < stopAt);
  const { user, system } = process.cpuUsage();
  assert.ok(Math.abs(cpuMicros(process.pid) - user - system) <= 30_000);
});

test('a process that is not there cannot be measured', () => {
  assert.throws(() => cpuMicros(2 ** 30), CannotMeasure);
});
