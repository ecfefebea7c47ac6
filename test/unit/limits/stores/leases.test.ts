import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { LimitLease, LimitRate } from '../../../../src/domain/limits/limit.ts';
import { DenialCache } from '../../../../src/limits/stores/denial-cache.ts';
import { Leases } from '../../../../src/limits/stores/leases.ts';
import { MemoryLimitStore } from '../../../../src/limits/stores/memory-store.ts';
import { paceTableOf } from '../../../../src/limits/pace-table.ts';
import type { Charge, EmptyableStore, Taken } from '../../../../src/limits/stores/store.ts';
import { FakeClock } from '../fixture.ts';

/** A store that answers later, as Redis does, and counts how often it is asked. */
class LaterStore implements EmptyableStore {
  readonly counts: MemoryLimitStore;
  calls = 0;
  isAway = false;

  constructor(clock: FakeClock) {
    this.counts = new MemoryLimitStore(clock);
  }

  async take(charges: readonly Charge[]): Promise<Taken> {
    this.calls += 1;
    await Promise.resolve();
    if (this.isAway) throw new Error('away');
    return this.counts.take(charges);
  }

  empty(charges: readonly Charge[]): void {
    this.counts.empty(charges);
  }
}

const second = { quota: 1000, windowMs: 1000, burst: 1000 };
const lease = { tokens: 50, forMs: 100 };

/** Of a limit with that rate and lease. */
function chargeOf(key: string, cost = 1, rate: LimitRate = second, of: LimitLease = lease): Charge {
  const rates = { ...rate, overrides: [], isCalendar: false, cost: 1, lease: of };
  const { own } = paceTableOf(rates);
  return {
    key,
    counted: '',
    amount: cost * own.intervalUs,
    capacity: own.capacityUs,
    enforced: true,
    lease: { amount: of.tokens * own.intervalUs, forUs: of.forMs * 1000 },
  };
}

/** What is not leased. */
function plainChargeOf(key: string, capacity: number): Charge {
  return { key, counted: '', amount: 1, capacity, enforced: true };
}

interface Opened {
  readonly clock: FakeClock;
  readonly store: LaterStore;
  readonly leases: Leases;
}

function openLeases(): Opened {
  const clock = new FakeClock();
  const store = new LaterStore(clock);
  return { clock, store, leases: new Leases(store, clock) };
}

async function takeTimes({ leases }: Opened, charge: Charge, times: number): Promise<number> {
  let admitted = 0;
  for (let time = 0; time < times; time += 1) {
    if ((await leases.take([charge], Infinity)).admitted) admitted += 1;
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
  return admitted;
}

/** Until a whole chunk has just been taken. */
async function leaseWhole(opened: Opened, charge: Charge): Promise<void> {
  await takeTimes(opened, charge, lease.tokens);
  const { calls } = opened.store;
  while (opened.store.calls === calls) await takeTimes(opened, charge, 1);
}

test('a hot key is asked of the store once for many requests', async () => {
  const opened = openLeases();
  assert.equal(await takeTimes(opened, chargeOf('hot'), 500), 500);
  assert.ok(opened.store.calls < 60, `${opened.store.calls} calls`);
});

test('a key that is asked seldom is not leased: nothing of it is lost', async () => {
  const opened = openLeases();
  for (let time = 0; time < 20; time += 1) {
    await takeTimes(opened, chargeOf('cold'), 1);
    opened.clock.advance(2 * lease.forMs);
  }
  assert.equal(opened.store.calls, 20);
});

test('of a full burst everything is admitted but what is taken off for the lease, and nothing more', async () => {
  const opened = openLeases();
  const admitted = await takeTimes(opened, chargeOf('hot'), 2000);
  assert.equal(admitted, second.burst - lease.forMs);
});

test('what a replica took ahead does not come on top of a burst that others take later', async () => {
  const opened = openLeases();
  const other = { ...opened, leases: new Leases(opened.store, opened.clock) };
  const hot = chargeOf('hot');
  const before = await takeTimes(opened, hot, 5);
  opened.clock.advance(lease.forMs - 1);
  const [theirs, ours] = [await takeTimes(other, hot, 1500), await takeTimes(opened, hot, 100)];
  assert.equal(before, 5);
  assert.ok(ours > 0, 'some was taken ahead');
  assert.ok(theirs + ours <= second.burst, `${theirs} and ${ours}`);
});

test('a lease ends after its time, and the store is asked again', async () => {
  const opened = openLeases();
  await leaseWhole(opened, chargeOf('hot'));
  const { calls } = opened.store;
  opened.clock.advance(lease.forMs - 1);
  await takeTimes(opened, chargeOf('hot'), 1);
  assert.equal(opened.store.calls, calls, 'still leased');
  opened.clock.advance(1);
  await takeTimes(opened, chargeOf('hot'), 1);
  assert.notEqual(opened.store.calls, calls);
});

test('what another limit refuses is given back to the lease', async () => {
  const opened = openLeases();
  const hot = chargeOf('hot', 10);
  await leaseWhole(opened, hot);
  const { calls } = opened.store;
  for (let time = 0; time < 100; time += 1) {
    const taken = await opened.leases.take([hot, plainChargeOf('none', 0)], Infinity);
    assert.equal(taken.admitted, false);
    assert.equal(taken.levels.length, 2);
  }
  assert.equal(opened.store.calls, calls + 100, 'only the other limit was asked');
});

test('what the store cannot answer is given back, and a lease is spent without it', async () => {
  const opened = openLeases();
  const hot = chargeOf('hot');
  await leaseWhole(opened, hot);
  opened.store.isAway = true;
  for (let time = 0; time < 100; time += 1) {
    const asked = Promise.resolve(opened.leases.take([hot, plainChargeOf('other', 5)], Infinity));
    await assert.rejects(asked, /away/);
  }
  assert.equal((await opened.leases.take([hot], Infinity)).admitted, true, 'it was counted before');
  await assert.rejects(takeTimes(opened, hot, 1000), /away/);
});

test('a limit that is retuned is asked of the store', async () => {
  const opened = openLeases();
  await takeTimes(opened, chargeOf('hot'), 10);
  const { calls } = opened.store;
  await takeTimes(opened, chargeOf('hot', 1, { ...second, burst: 500 }), 1);
  assert.notEqual(opened.store.calls, calls);
});

test('a bucket that was emptied is asked of the store, and so is one that is looked at', async () => {
  const opened = openLeases();
  const hot = chargeOf('hot');
  await takeTimes(opened, hot, 10);
  const looked = await opened.leases.take([{ ...hot, amount: 0, enforced: false }], Infinity);
  assert.deepEqual(looked.levels, opened.store.counts.take([{ ...hot, amount: 0 }]).levels);
  await opened.leases.empty([hot], Infinity);
  assert.equal(opened.leases.size, 0);
  assert.deepEqual((await opened.leases.take([hot], Infinity)).levels, [0]);
});

test('there are never more keys than the bound', async () => {
  const clock = new FakeClock();
  const leases = new Leases(new LaterStore(clock), clock, 10);
  for (let key = 0; key < 100; key += 1) await leases.take([chargeOf(`key-${key}`)], Infinity);
  assert.equal(leases.size, 10);
});

const rate = fc.record({
  quota: fc.integer({ min: 50, max: 100 }),
  windowMs: fc.integer({ min: 100, max: 400 }),
  burst: fc.integer({ min: 60, max: 120 }),
});
const leaseOf = fc.record({
  tokens: fc.integer({ min: 2, max: 40 }),
  forMs: fc.integer({ min: 5, max: 50 }),
});
const request = fc.record({
  replica: fc.nat({ max: 3 }),
  cost: fc.integer({ min: 1, max: 3 }),
  /** Of calls on their way to the shared store, and back. */
  steps: fc.nat({ max: 3 }),
});
type Asked = typeof request extends fc.Arbitrary<infer T> ? T : never;

/** Between crowds that come at once. A few, a pause, and a crowd: what was taken ahead for the few could come on top. */
const pauseMs = fc.nat({ max: 50 });
const crowds = fc.array(
  fc.tuple(
    pauseMs,
    fc.oneof(
      fc.array(request, { minLength: 1, maxLength: 10 }),
      fc.array(request, { minLength: 40, maxLength: 80, size: 'max' }),
    ),
  ),
  { minLength: 2, maxLength: 10 },
);

test('whatever the interleaving of replicas with leases, no interval sees more than the limit', async () => {
  let spentHere = 0;
  await fc.assert(
    fc.asyncProperty(
      rate,
      leaseOf,
      crowds,
      fc.scheduler(),
      async (limit, of, crowding, scheduler) => {
        const clock = new FakeClock();
        const shared = new MemoryLimitStore(clock);
        const slow: EmptyableStore = {
          empty: () => {},
          take: scheduler.scheduleFunction(async (charges: readonly Charge[]) => {
            clock.advance(0.1);
            const taken = shared.take(charges);
            return Promise.resolve({ ...taken, countedMs: clock.monotonicMs() });
          }),
        };
        const replicas = Array.from(
          { length: 4 },
          () => new Leases(new DenialCache(slow, clock), clock),
        );
        const admitted: { atMs: number; cost: number }[] = [];
        const ask = async ({ replica, cost }: Asked): Promise<void> => {
          const taken = replicas[replica]?.take([chargeOf('a', cost, limit, of)], Infinity);
          if (taken === undefined) return;
          const isHere = !(taken instanceof Promise) && taken.admitted;
          if (isHere) spentHere += cost;
          const atMs = clock.monotonicMs();
          const answer: Taken & { readonly countedMs?: number } = await taken;
          // What the store counted is admitted then, however long its answer takes.
          if (answer.admitted)
            admitted.push({ atMs: isHere ? atMs : (answer.countedMs ?? 0), cost });
        };
        const asked = [];
        for (const [restMs, requests] of crowding) {
          clock.advance(restMs);
          for (const each of requests) {
            asked.push(ask(each));
            for (let step = 0; step < each.steps; step += 1) {
              if (scheduler.count() > 0) await scheduler.waitOne();
            }
          }
        }
        await scheduler.waitAll();
        await Promise.all(asked);
        assertWithin(
          limit,
          admitted.toSorted((a, b) => a.atMs - b.atMs),
        );
      },
    ),
    { numRuns: 600 },
  );
  assert.ok(spentHere > 1000, `${spentHere} units were spent of leases`);
});

function assertWithin(
  limit: LimitRate,
  admitted: readonly { readonly atMs: number; readonly cost: number }[],
): void {
  const intervalMs = Math.ceil((limit.windowMs * 1000) / limit.quota) / 1000;
  for (const [first, { atMs: fromMs }] of admitted.entries()) {
    let units = 0;
    for (const { atMs, cost } of admitted.slice(first)) {
      units += cost;
      const bound = limit.burst + (atMs - fromMs) / intervalMs;
      assert.ok(units <= bound + 1e-6, `${units} units, ${bound} allowed`);
    }
  }
}
