import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { MemoryLimitStore } from '../../../src/limits/stores/memory-store.ts';
import { Offenders } from '../../../src/limits/offenders.ts';
import { TopCounts } from '../../../src/limits/top-counts.ts';
import { FakeClock, limitFrom, openLimiter, questionFrom } from './fixture.ts';

function openRig(by: Parameters<typeof limitFrom>[0] = {}) {
  const clock = new FakeClock();
  const store = new MemoryLimitStore(clock);
  const offenders = new Offenders(clock);
  const limiter = openLimiter([limitFrom({ quota: 1, windowMs: 86_400_000, ...by })], {
    store,
    localStore: store,
    offenders,
    clock,
  });
  return {
    clock,
    offenders,
    take: (parts: Parameters<typeof questionFrom>[0], times = 1) => {
      for (let time = 0; time < times; time += 1) {
        void limiter.take(questionFrom(parts), Infinity);
      }
    },
  };
}

test('whoever is refused most often comes first, as an address would say it', () => {
  const { offenders, take } = openRig({
    by: [{ kind: 'caller' }, { kind: 'header', name: 'x-tenant' }],
  });
  take({ caller: 'alice' }, 3);
  take({ caller: 'bob', headers: { 'x-tenant': 'acme' } }, 5);
  take({ caller: 'carol' }, 1);
  assert.deepEqual(offenders.list(), [
    {
      limit: 'limit',
      counted: { caller: 'bob', 'header:x-tenant': 'acme' },
      denied: 4,
      overcount: 0,
    },
    {
      limit: 'limit',
      counted: { caller: 'alice', 'header:x-tenant': null },
      denied: 2,
      overcount: 0,
    },
  ]);
});

test('what is long is cut short, and what is long ago is forgotten', () => {
  const { offenders, take, clock } = openRig();
  take({ caller: 'x'.repeat(100_000) }, 2);
  assert.equal(offenders.list()[0]?.counted['caller']?.length, 128);
  clock.advance(11 * 60_000);
  assert.equal(offenders.list().length, 1);
  clock.advance(11 * 60_000);
  assert.deepEqual(offenders.list(), []);
  take({ caller: 'bob' }, 2);
  assert.equal(offenders.list().length, 1);
});

test('a flood of callers takes no more space, and hides nobody who comes often', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 400 }), (keys) => {
      const size = 10;
      const counts = new TopCounts<number>(size);
      const truth = new Map<number, number>();
      for (const key of keys) {
        counts.add(String(key), () => key);
        truth.set(key, (truth.get(key) ?? 0) + 1);
      }
      const top = counts.top();
      assert.ok(top.length <= size);
      for (const { about, count, overcount } of top) {
        const exact = truth.get(about) ?? 0;
        assert.ok(exact <= count && exact >= count - overcount);
      }
      for (const [key, exact] of truth) {
        if (exact > keys.length / size) assert.ok(top.some(({ about }) => about === key));
      }
    }),
  );
});
