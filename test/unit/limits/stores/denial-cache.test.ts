import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { CalendarEdges } from '../../../../src/limits/calendar.ts';
import { DenialCache } from '../../../../src/limits/stores/denial-cache.ts';
import { MemoryLimitStore } from '../../../../src/limits/stores/memory-store.ts';
import type { Charge, EmptyableStore } from '../../../../src/limits/stores/store.ts';
import { FakeClock } from '../fixture.ts';

const secondUs = 1_000_000;
const farAwayMs = Number.MAX_SAFE_INTEGER;

function chargeOf(key: string, parts: Partial<Charge> = {}): Charge {
  return {
    key,
    counted: '',
    amount: 10 * secondUs,
    capacity: 20 * secondUs,
    enforced: true,
    ...parts,
  };
}

/** A store behind a cache, which answers a little later than it is asked. */
function openRig({ maxKeys = 1000, latencyMs = 0 } = {}) {
  const clock = new FakeClock();
  const behind = new MemoryLimitStore(clock);
  let calls = 0;
  const store: EmptyableStore = {
    empty: (charges) => behind.empty(charges),
    take: async (charges) => {
      calls += 1;
      clock.advance(latencyMs);
      const taken = behind.take(charges);
      clock.advance(latencyMs);
      return Promise.resolve(taken);
    },
  };
  const cache = new DenialCache(store, clock, maxKeys);
  return {
    clock,
    behind,
    cache,
    take: async (...charges: readonly Charge[]) => cache.take(charges, farAwayMs),
    calls: () => calls,
  };
}

async function spend(rig: ReturnType<typeof openRig>, key: string): Promise<void> {
  for (let taken = 0; taken < 3; taken += 1) await rig.take(chargeOf(key));
}

test('who is over a limit and tries on costs one call a second', async () => {
  const rig = openRig();
  await spend(rig, 'a');
  assert.equal(rig.calls(), 3);
  for (let request = 0; request < 100; request += 1) {
    rig.clock.advance(10);
    const { admitted, levels } = await rig.take(chargeOf('a'));
    assert.deepEqual([admitted, levels], [false, [(20_000 - 10 * (request + 1)) * 1000]]);
  }
  assert.equal(rig.calls(), 3);
  rig.clock.advance(1);
  await rig.take(chargeOf('a'));
  assert.equal(rig.calls(), 4);
});

test('the moment a unit is back it is admitted', async () => {
  const rig = openRig();
  await spend(rig, 'a');
  rig.clock.advance(9500);
  assert.equal((await rig.take(chargeOf('a'))).admitted, false);
  rig.clock.advance(499);
  assert.equal((await rig.take(chargeOf('a'))).admitted, false);
  rig.clock.advance(1);
  assert.equal((await rig.take(chargeOf('a'))).admitted, true);
});

test('a limit that is raised, or a smaller cost, is asked for at once', async () => {
  const rig = openRig();
  await spend(rig, 'a');
  assert.equal((await rig.take(chargeOf('a', { capacity: 30 * secondUs }))).admitted, true);
  await spend(rig, 'b');
  assert.equal((await rig.take(chargeOf('b', { amount: 0 }))).admitted, true);
});

test('a limit that refuses spares the others the question, whatever their place', async () => {
  const rig = openRig();
  await spend(rig, 'a');
  const { admitted, levels } = await rig.take(chargeOf('b'), chargeOf('a'));
  assert.deepEqual([admitted, levels], [false, [undefined, 20 * secondUs]]);
  assert.equal((await rig.take(chargeOf('b'))).levels[0], 0, 'not charged');
});

test('a quota is refused until its window ends, and told until when', async () => {
  const rig = openRig();
  const endUs = rig.clock.nowMs() * 1000 + secondUs / 2;
  const edgesUs: CalendarEdges = [0, 1, endUs, 2 * endUs];
  const charge = chargeOf('a', { amount: 1, capacity: 2, edgesUs });
  await rig.take(charge);
  await rig.take(charge);
  await rig.take(charge);
  rig.clock.advance(499);
  assert.deepEqual(await rig.take(charge), { admitted: false, levels: [2], atUs: endUs - 1000 });
  assert.equal(rig.calls(), 3);
  rig.clock.advance(1);
  assert.equal((await rig.take(charge)).admitted, true);
});

test('a limit in shadow mode is never refused from memory', async () => {
  const rig = openRig();
  await spend(rig, 'a');
  assert.equal((await rig.take(chargeOf('a', { enforced: false }))).admitted, true);
});

test('nobody is told to come back too early, nor refused too long, by a slow answer', async () => {
  const rig = openRig({ latencyMs: 200 });
  await spend(rig, 'a');
  const { levels } = await rig.take(chargeOf('a'));
  const trueLevel = rig.behind.take([chargeOf('a', { amount: 0 })]).levels[0] ?? 0;
  assert.ok((levels[0] ?? 0) >= trueLevel, `${levels[0]} told, ${trueLevel} true`);
});

test('what was emptied is asked for at once, and an answer of before is not kept', async () => {
  const rig = openRig();
  await spend(rig, 'a');
  await rig.cache.empty([chargeOf('a')], farAwayMs);
  assert.equal((await rig.take(chargeOf('a'))).admitted, true);
  await spend(rig, 'b');
  rig.cache.forget();
  const onItsWay = rig.take(chargeOf('b'));
  rig.cache.forget();
  assert.equal((await onItsWay).admitted, false);
  assert.equal(rig.cache.size, 0);
});

test('there are never more keys than the bound, and none for longer than a second', async () => {
  const rig = openRig({ maxKeys: 10 });
  for (let caller = 0; caller < 50; caller += 1) {
    await spend(rig, `caller-${caller}`);
    assert.ok(rig.cache.size <= 10);
  }
  rig.clock.advance(1001);
  await spend(rig, 'late');
  assert.equal(rig.cache.size, 1);
});

const request = fc.record({
  pauseMs: fc.integer({ min: 0, max: 3000 }),
  latencyMs: fc.integer({ min: 0, max: 50 }),
  charges: fc.uniqueArray(
    fc.record({
      key: fc.constantFrom('a', 'b', 'window'),
      amount: fc.integer({ min: 0, max: 5 * secondUs }),
      capacity: fc.integer({ min: secondUs, max: 10 * secondUs }),
      enforced: fc.boolean(),
    }),
    { minLength: 1, maxLength: 3, selector: ({ key }) => key },
  ),
});

/** Of windows of ten seconds. */
function edgesAt(nowMs: number): CalendarEdges {
  const windowUs = 10 * secondUs;
  const beginUs = Math.floor((nowMs * 1000) / windowUs) * windowUs;
  return [beginUs - windowUs, beginUs, beginUs + windowUs, beginUs + 2 * windowUs];
}

test('it refuses only what the store would have refused, and admits nothing itself', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(request, { maxLength: 60 }), async (requests) => {
      const clock = new FakeClock();
      const behind = new MemoryLimitStore(clock);
      let latency = 0;
      const store: EmptyableStore = {
        empty: (charges) => behind.empty(charges),
        take: async (charges) => {
          clock.advance(latency);
          const taken = behind.take(charges);
          clock.advance(latency);
          return Promise.resolve(taken);
        },
      };
      const cache = new DenialCache(store, clock);
      for (const { pauseMs, latencyMs, charges } of requests) {
        clock.advance(pauseMs);
        latency = latencyMs;
        const edgesUs = edgesAt(clock.nowMs());
        const asked = charges.map((charge) => ({
          ...charge,
          counted: '',
          ...(charge.key === 'window' && { edgesUs }),
        }));
        const answer = cache.take(asked, farAwayMs);
        if (answer instanceof Promise) await answer;
        else assert.equal(behind.take(asked).admitted, answer.admitted);
      }
    }),
    { numRuns: 300 },
  );
});
