import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LimitDefinition, LimitsVerdict } from '../../../src/domain/limits/limit.ts';
import type { EmergencyOverride } from '../../../src/domain/limits/limit-override.ts';
import { MemoryLimitStore } from '../../../src/limits/stores/memory-store.ts';
import type { Charge, LimitStore } from '../../../src/limits/stores/store.ts';
import { FakeClock, limitFrom, namedLimitFrom, openLimiter, questionFrom } from './fixture.ts';

type Change = EmergencyOverride['change'];

function overrideOf(change: Change, parts: Partial<EmergencyOverride> = {}): EmergencyOverride {
  const times = { postedAtMs: 0, expiresAtMs: 1 };
  return { id: 'o1', limit: 'limit', change, reason: 'test', by: 'ann', ...times, ...parts };
}

function rateOf(quota: number): Change {
  return { kind: 'rate', rate: { quota, windowMs: 60_000, burst: quota } };
}

/** A limiter whose overrides are set as the test goes on. */
function openRig(definition: LimitDefinition, store?: LimitStore) {
  const clock = new FakeClock();
  const memory = new MemoryLimitStore(clock);
  let current: readonly EmergencyOverride[] = [];
  const overrides = () => current;
  const surroundings = { store: store ?? memory, localStore: memory, overrides, clock };
  const limiter = openLimiter([definition], surroundings);
  return {
    clock,
    set: (...given: readonly EmergencyOverride[]) => {
      current = given;
    },
    take: (caller = 'alice', parts: Parameters<typeof questionFrom>[0] = {}) =>
      limiter.take(questionFrom({ caller, ...parts }), Number.MAX_SAFE_INTEGER),
  };
}

function outcomes(rig: ReturnType<typeof openRig>, count: number, caller = 'alice'): string[] {
  return Array.from({ length: count }, () => now(rig.take(caller)).outcome);
}

function now(verdict: LimitsVerdict | Promise<LimitsVerdict>): LimitsVerdict {
  assert.ok(!(verdict instanceof Promise));
  return verdict;
}

test('a rate holds for its caller at once, is told, and is gone when it ends', () => {
  const rig = openRig(limitFrom({ quota: 1 }));
  assert.deepEqual(outcomes(rig, 2), ['within', 'over']);
  rig.set(overrideOf(rateOf(100), { caller: 'alice' }));
  const { outcome, states } = now(rig.take());
  assert.equal(outcome, 'over', 'the bucket was full, and keeps its place');
  assert.deepEqual([states[0]?.quota, states[0]?.override], [100, 'o1']);
  rig.clock.advance(600);
  assert.equal(now(rig.take()).outcome, 'within');
  assert.equal(now(rig.take('bob')).states[0]?.override, undefined);
  rig.set();
  assert.equal(now(rig.take()).outcome, 'over');
});

test('an override for a caller goes before one for all, a later before an earlier, all before the file', () => {
  const file = [{ caller: 'alice', quota: 3, windowMs: 60_000, burst: 3 }];
  const rig = openRig(limitFrom({ quota: 1, overrides: file }));
  const quotaOf = (caller: string) => now(rig.take(caller)).states[0]?.quota;
  assert.equal(quotaOf('alice'), 3);
  rig.set(overrideOf(rateOf(10)), overrideOf(rateOf(20)));
  assert.deepEqual([quotaOf('alice'), quotaOf('bob')], [20, 20]);
  rig.set(overrideOf(rateOf(30), { caller: 'alice' }), overrideOf(rateOf(20)));
  assert.deepEqual([quotaOf('alice'), quotaOf('bob')], [30, 20]);
});

test('a lower rate refuses what the limit would have admitted', () => {
  const rig = openRig(limitFrom({ quota: 5 }));
  rig.set(overrideOf(rateOf(1)));
  assert.deepEqual(outcomes(rig, 2), ['within', 'over']);
});

test('shadow counts and refuses nobody, whatever happens to the store', async () => {
  const rig = openRig(limitFrom({ quota: 1 }));
  rig.set(overrideOf({ kind: 'shadow' }));
  assert.deepEqual(outcomes(rig, 2), ['within', 'within']);
  const [state] = now(rig.take()).states;
  assert.deepEqual([state?.mode, state?.result, state?.override], ['shadow', 'over', 'o1']);

  const failing = { take: () => Promise.reject(new Error('it is down')) };
  const without = openRig(limitFrom({ quota: 1, onError: 'deny' }), failing);
  assert.equal((await without.take()).outcome, 'unavailable');
  without.set(overrideOf({ kind: 'shadow' }));
  assert.equal((await without.take()).outcome, 'within');
});

test('off neither counts nor refuses, and asks no store', () => {
  const unexpected = { take: () => assert.fail('nothing is to be counted') };
  const rig = openRig(limitFrom({ quota: 1 }), unexpected);
  rig.set(overrideOf({ kind: 'off' }));
  assert.deepEqual(outcomes(rig, 3), ['within', 'within', 'within']);
  const [state] = now(rig.take()).states;
  assert.deepEqual([state?.result, state?.override], ['skipped', 'o1']);
});

test('a limit that a policy names may be off too, but one that does not exist is still a fault', () => {
  const rig = openRig(namedLimitFrom({ quota: 1 }));
  rig.set(overrideOf({ kind: 'off' }), overrideOf({ kind: 'off' }, { limit: 'missing' }));
  const named = (name: string) => now(rig.take('alice', { named: [{ name }] })).outcome;
  assert.deepEqual(
    [named('limit'), named('limit'), named('missing')],
    ['within', 'within', 'unavailable'],
  );
});

test('a rate says nothing of a limit that counts by the calendar', () => {
  const calendar = { unit: 'day', timeZone: 'UTC' } as const;
  const rig = openRig(limitFrom({ quota: 1, windowMs: 86_400_000, calendar }));
  rig.set(overrideOf(rateOf(100)));
  assert.deepEqual(outcomes(rig, 2), ['within', 'over']);
  const { rate } = { rate: { quota: 3, windowMs: 86_400_000, burst: 3 } };
  rig.set(overrideOf({ kind: 'rate', rate, unit: 'day' }));
  assert.deepEqual(outcomes(rig, 3), ['within', 'within', 'over']);
});

test('in a bucket that callers share, nobody lowers what one of them may fill', () => {
  const rig = openRig(limitFrom({ quota: 1, by: [] }));
  const rate = { quota: 1, windowMs: 60_000, burst: 10 };
  rig.set(overrideOf({ kind: 'rate', rate }, { caller: 'alice' }));
  assert.deepEqual(new Set(outcomes(rig, 10)), new Set(['within']));
  assert.equal(now(rig.take('bob')).outcome, 'over');
  assert.equal(now(rig.take()).outcome, 'over', 'ten were taken, and none is given twice');
});

test('under the rate of an override nothing is taken ahead', () => {
  const taken: (Charge | undefined)[] = [];
  const clock = new FakeClock();
  const memory = new MemoryLimitStore(clock);
  const store: LimitStore = {
    take(charges) {
      taken.push(...charges);
      return memory.take(charges);
    },
  };
  const rig = openRig(limitFrom({ quota: 1000, lease: { tokens: 10, forMs: 60 } }), store);
  now(rig.take());
  rig.set(overrideOf(rateOf(1000)));
  now(rig.take());
  assert.deepEqual(
    taken.map((charge) => charge?.lease),
    [{ amount: 600_000, forUs: 60_000 }, undefined],
  );
  assert.deepEqual(
    taken.map((charge) => charge?.capacity),
    [59_940_000, 60_000_000],
    'what is off the burst for the lease is there again',
  );
});
