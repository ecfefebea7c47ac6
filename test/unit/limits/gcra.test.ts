import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { fits, paceOf, remainingUnits, resetMs, retryAfterMs } from '../../../src/limits/gcra.ts';
import { MemoryLimitStore } from '../../../src/limits/stores/memory-store.ts';
import { FakeClock } from './fixture.ts';

const rate = fc.record({
  quota: fc.integer({ min: 1, max: 1000 }),
  windowMs: fc.integer({ min: 1, max: 100_000 }),
  burst: fc.integer({ min: 1, max: 1000 }),
});
/** Requests: a pause before each, and its cost. */
const traffic = fc.array(
  fc.record({ pauseMs: fc.integer({ min: 0, max: 5000 }), cost: fc.integer({ min: 1, max: 20 }) }),
  { minLength: 1, maxLength: 200 },
);

interface Admitted {
  readonly atMs: number;
  readonly cost: number;
}

test('in no window more is admitted than the burst and the quota', () => {
  fc.assert(
    fc.property(rate, traffic, (limit, requests) => {
      const admitted = admittedOf(limit, requests);
      for (const [first, { atMs: fromMs }] of admitted.entries()) {
        const inWindow = admitted
          .slice(first)
          .filter(({ atMs }) => atMs <= fromMs + limit.windowMs);
        const units = inWindow.reduce((sum, { cost }) => sum + cost, 0);
        assert.ok(units <= limit.burst + limit.quota, `${units} units`);
      }
    }),
  );
});

test('between any two moments the units admitted are no more than the burst and what came back', () => {
  fc.assert(
    fc.property(rate, traffic, (limit, requests) => {
      const admitted = admittedOf(limit, requests);
      for (const [first, { atMs: fromMs }] of admitted.entries()) {
        let units = 0;
        for (const { atMs, cost } of admitted.slice(first)) {
          units += cost;
          const cameBack = ((atMs - fromMs) * limit.quota) / limit.windowMs;
          assert.ok(units <= limit.burst + cameBack, `${units} units after ${atMs - fromMs} ms`);
        }
      }
    }),
  );
});

test('after exactly retryAfterMs the cost fits, and a millisecond earlier it does not', () => {
  const ahead = fc.integer({ min: 0, max: 10 ** 12 });
  fc.assert(
    fc.property(rate, ahead, fc.integer({ min: 1, max: 1000 }), (limit, levelUs, cost) => {
      const { intervalUs, capacityUs } = paceOf(limit);
      const amountUs = cost * intervalUs;
      const waitMs = retryAfterMs(levelUs, amountUs, capacityUs);
      const aheadIn = (ms: number): number => Math.max(levelUs - ms * 1000, 0);
      if (cost > limit.burst) {
        assert.equal(waitMs, Infinity);
      } else {
        assert.ok(fits(aheadIn(waitMs), amountUs, capacityUs));
        if (waitMs > 0) assert.ok(!fits(aheadIn(waitMs - 1), amountUs, capacityUs));
      }
    }),
  );
});

test('what is said to remain fits, and a unit more does not', () => {
  fc.assert(
    fc.property(rate, fc.integer({ min: 0, max: 10 ** 9 }), (limit, levelUs) => {
      const pace = paceOf(limit);
      const units = remainingUnits(pace, levelUs);
      assert.ok(units === 0 || fits(levelUs, units * pace.intervalUs, pace.capacityUs));
      assert.ok(!fits(levelUs, (units + 1) * pace.intervalUs, pace.capacityUs));
    }),
  );
});

test('a bucket is full again after resetMs', () => {
  assert.equal(resetMs(0), 0);
  assert.equal(resetMs(1), 1);
  assert.equal(resetMs(60_000_000), 60_000);
});

test('a rate is counted in whole microseconds, never above it', () => {
  assert.equal(paceOf({ quota: 100, windowMs: 60_000, burst: 1 }).intervalUs, 600_000);
  assert.equal(paceOf({ quota: 7, windowMs: 1000, burst: 1 }).intervalUs, 142_858);
  assert.equal(paceOf({ quota: 1_000_000, windowMs: 1000, burst: 1 }).intervalUs, 1);
});

test('what is not a number fits nowhere', () => {
  assert.equal(fits(Number.NaN, 1, 1), false);
  assert.equal(fits(0, Number.NaN, 1), false);
  assert.equal(fits(0, 1, Number.NaN), false);
});

function admittedOf(
  limit: { quota: number; windowMs: number; burst: number },
  requests: readonly { pauseMs: number; cost: number }[],
): readonly Admitted[] {
  const clock = new FakeClock();
  const store = new MemoryLimitStore(clock);
  const { intervalUs, capacityUs } = paceOf(limit);
  const admitted: Admitted[] = [];
  for (const { pauseMs, cost } of requests) {
    clock.advance(pauseMs);
    const charge = {
      key: 'a',
      counted: '',
      amount: cost * intervalUs,
      capacity: capacityUs,
      enforced: true,
    };
    if (store.take([charge]).admitted) admitted.push({ atMs: clock.monotonicMs(), cost });
  }
  return admitted;
}
