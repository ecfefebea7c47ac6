import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { DenialCache } from '../../../src/limits/stores/denial-cache.ts';
import { paceOf } from '../../../src/limits/gcra.ts';
import { MemoryLimitStore } from '../../../src/limits/stores/memory-store.ts';
import type { Charge, EmptyableStore } from '../../../src/limits/stores/store.ts';
import { FakeClock } from './fixture.ts';

const rate = fc.record({
  quota: fc.integer({ min: 1, max: 100 }),
  windowMs: fc.integer({ min: 10, max: 10_000 }),
  burst: fc.integer({ min: 1, max: 50 }),
});
const request = fc.record({
  replica: fc.nat({ max: 3 }),
  cost: fc.integer({ min: 1, max: 5 }),
  /** Before it is sent, and on its way to the shared store. */
  pauseMs: fc.integer({ min: 0, max: 500 }),
});

test('whatever the interleaving of replicas, no interval sees more than burst and rate', async () => {
  await fc.assert(
    fc.asyncProperty(
      rate,
      fc.array(request, { maxLength: 80 }),
      fc.scheduler(),
      async (limit, requests, scheduler) => {
        const { intervalUs, capacityUs } = paceOf(limit);
        const clock = new FakeClock();
        const shared = new MemoryLimitStore(clock);
        const admitted: { atMs: number; cost: number }[] = [];
        const slow: EmptyableStore = {
          empty: () => {},
          take: scheduler.scheduleFunction(async (charges: readonly Charge[]) => {
            clock.advance(1);
            const taken = shared.take(charges);
            const atMs = clock.monotonicMs();
            const [{ amount } = { amount: 0 }] = charges;
            if (taken.admitted) admitted.push({ atMs, cost: amount / intervalUs });
            return Promise.resolve(taken);
          }),
        };
        const replicas = Array.from({ length: 4 }, () => new DenialCache(slow, clock));
        const asked = requests.map(async ({ replica, cost, pauseMs }) => {
          await scheduler.schedule(Promise.resolve());
          clock.advance(pauseMs);
          const amount = cost * intervalUs;
          const charge = { key: 'a', counted: '', amount, capacity: capacityUs, enforced: true };
          return replicas[replica]?.take([charge], Infinity);
        });
        await scheduler.waitAll();
        await Promise.all(asked);
        for (const [first, { atMs: fromMs }] of admitted.entries()) {
          let units = 0;
          for (const { atMs, cost } of admitted.slice(first)) {
            units += cost;
            const bound = limit.burst + ((atMs - fromMs) * 1000) / intervalUs;
            assert.ok(units <= bound, `${units} units, ${bound} allowed`);
          }
        }
      },
    ),
    { numRuns: 300 },
  );
});
