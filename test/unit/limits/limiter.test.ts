import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Limiter } from '../../../src/check/ports.ts';
import type {
  LimitDefinition,
  LimitQuestion,
  LimitsVerdict,
} from '../../../src/domain/limits/limit.ts';
import { MemoryLimitStore } from '../../../src/limits/stores/memory-store.ts';
import type { LimitStore } from '../../../src/limits/stores/store.ts';
import { FakeClock, limitFrom, namedLimitFrom, questionFrom, openLimiter } from './fixture.ts';

const farAwayMs = Number.MAX_SAFE_INTEGER;

function inMemory(
  definitions: readonly LimitDefinition[],
): (question: LimitQuestion) => LimitsVerdict {
  const clock = new FakeClock();
  const store = new MemoryLimitStore(clock);
  const limiter = openLimiter(definitions, { store, localStore: store, replicas: 1, clock });
  return (question) => answered(limiter.take(question, farAwayMs));
}

function answered(answer: Promise<LimitsVerdict> | LimitsVerdict): LimitsVerdict {
  assert.ok(!(answer instanceof Promise), 'memory answers at once');
  return answer;
}

/** A store that cannot answer. */
const failing: LimitStore = { take: async () => Promise.reject(new Error('it is down')) };

interface Degraded {
  readonly limiter: Limiter;
  readonly clock: FakeClock;
}

function withoutStore(definitions: readonly LimitDefinition[], replicas = 1): Degraded {
  const clock = new FakeClock();
  const localStore = new MemoryLimitStore(clock);
  return {
    limiter: openLimiter(definitions, { store: failing, localStore, replicas, clock }),
    clock,
  };
}

test('where no limit applies every check has the same verdict, within', () => {
  const take = inMemory([limitFrom({ match: { service: 'ledger' } })]);
  assert.deepEqual(take(questionFrom()), { outcome: 'within', states: [] });
  assert.equal(take(questionFrom()), take(questionFrom()));
});

test('a verdict tells what is left, until when, and when to come back', () => {
  const take = inMemory([limitFrom({ quota: 2 })]);
  const told = { name: 'limit', mode: 'enforce', quota: 2, windowMs: 60_000 };
  assert.deepEqual(take(questionFrom()).states, [
    { ...told, result: 'within', remaining: 1, resetMs: 30_000, retryAfterMs: 0 },
  ]);
  take(questionFrom());
  assert.deepEqual(take(questionFrom()), {
    outcome: 'over',
    states: [{ ...told, result: 'over', remaining: 0, resetMs: 60_000, retryAfterMs: 30_000 }],
  });
});

test('a quota of a day is there again at midnight, where the time zone says', () => {
  const clock = new FakeClock(Date.UTC(2026, 0, 31, 22, 0));
  const store = new MemoryLimitStore(clock);
  const calendar = { unit: 'day', timeZone: 'Europe/Berlin' } as const;
  const limiter = openLimiter([limitFrom({ quota: 2, windowMs: 86_400_000, calendar })], {
    store,
    localStore: store,
    replicas: 1,
    clock,
  });
  const take = () => answered(limiter.take(questionFrom(), farAwayMs));
  const told = { name: 'limit', mode: 'enforce', quota: 2, windowMs: 86_400_000 };
  assert.deepEqual(take().states, [
    { ...told, result: 'within', remaining: 1, resetMs: 3_600_000, retryAfterMs: 0 },
  ]);
  take();
  clock.advance(1);
  assert.deepEqual(take(), {
    outcome: 'over',
    states: [
      { ...told, result: 'over', remaining: 0, resetMs: 3_599_999, retryAfterMs: 3_599_999 },
    ],
  });
  clock.advance(3_599_998);
  assert.equal(take().outcome, 'over');
  clock.advance(1);
  assert.equal(take().outcome, 'within');
});

test('a rate and a quota of one name do not count for each other', () => {
  const clock = new FakeClock();
  const store = new MemoryLimitStore(clock);
  const surroundings = { store, localStore: store, replicas: 1, clock };
  const calendar = { unit: 'month', timeZone: 'UTC' } as const;
  for (const limit of [limitFrom({ quota: 1 }), limitFrom({ quota: 1, calendar })]) {
    const limiter = openLimiter([limit], surroundings);
    assert.equal(answered(limiter.take(questionFrom(), farAwayMs)).outcome, 'within');
    assert.equal(answered(limiter.take(questionFrom(), farAwayMs)).outcome, 'over');
  }
});

test('a cost above the burst is refused for ever', () => {
  const take = inMemory([limitFrom({ burst: 3, cost: 4 })]);
  const { outcome, states } = take(questionFrom());
  assert.equal(outcome, 'over');
  assert.equal(states[0]?.retryAfterMs, Infinity);
});

test('an override replaces the rate for its caller alone, and the first one stands', () => {
  const rate = { windowMs: 60_000, burst: 1 };
  const take = inMemory([
    limitFrom({
      overrides: [
        { caller: 'batch', quota: 1000, ...rate },
        { caller: 'batch', quota: 1, ...rate },
      ],
    }),
  ]);
  assert.equal(take(questionFrom({ caller: 'batch' })).states[0]?.quota, 1000);
  assert.equal(take(questionFrom({ caller: 'alice' })).states[0]?.quota, 5);
  assert.equal(take(questionFrom({ caller: '' })).states[0]?.quota, 5);
});

test('a named limit is taken beside those that match, with the key and the cost of the policy', () => {
  const take = inMemory([limitFrom({ name: 'matching' }), namedLimitFrom({ name: 'named' })]);
  const named = [{ name: 'named', key: 'tenant-7', cost: 4 }];
  const { states } = take(questionFrom({ named }));
  assert.deepEqual(
    states.map(({ name, remaining }) => [name, remaining]),
    [
      ['matching', 4],
      ['named', 1],
    ],
  );
  assert.equal(take(questionFrom({ caller: 'bob', named })).outcome, 'over', 'one key for both');
});

test('a limit that matches and is named is taken once, as named', () => {
  const take = inMemory([limitFrom({ cost: 3 })]);
  for (const named of [
    [{ name: 'limit', cost: 1 }],
    [{ name: 'limit', cost: 1, key: 'of the policy' }],
  ]) {
    assert.deepEqual(
      take(questionFrom({ named })).states.map(({ remaining }) => remaining),
      [4],
    );
  }
});

test('a limit named twice for one key is taken once at the greater cost', () => {
  const take = inMemory([namedLimitFrom()]);
  const named = [
    { name: 'limit', cost: 1 },
    { name: 'limit', cost: 3 },
    { name: 'limit', cost: 2 },
    { name: 'limit', key: 'other', cost: 1 },
  ];
  assert.deepEqual(
    take(questionFrom({ named })).states.map(({ remaining }) => remaining),
    [2, 4],
  );
});

test('a name that no limit has is unavailable, and nothing is charged', () => {
  const take = inMemory([limitFrom({ quota: 1 })]);
  const verdict = take(questionFrom({ named: [{ name: 'lmit' }] }));
  assert.equal(verdict.outcome, 'unavailable');
  assert.match(verdict.detail ?? '', /"lmit", which is not defined/);
  assert.equal(take(questionFrom()).outcome, 'within');
});

test('a cost that is not a whole number is unavailable', () => {
  const take = inMemory([limitFrom()]);
  for (const cost of [-1, 0.5, Number.NaN, Infinity, 2 ** 53]) {
    assert.equal(take(questionFrom({ named: [{ name: 'limit', cost }] })).outcome, 'unavailable');
  }
});

test('a cost of 0 looks and takes nothing', () => {
  const take = inMemory([namedLimitFrom()]);
  for (let look = 0; look < 10; look += 1) {
    const { states } = take(questionFrom({ named: [{ name: 'limit', cost: 0 }] }));
    assert.equal(states[0]?.remaining, 5);
  }
});

test('a reload keeps the place of every caller, with a rate that is new', () => {
  const clock = new FakeClock();
  const store = new MemoryLimitStore(clock);
  const surroundings = { store, localStore: store, replicas: 1, clock };
  const before = openLimiter([limitFrom({ quota: 60 })], surroundings);
  for (let taken = 0; taken < 60; taken += 1) {
    assert.equal(answered(before.take(questionFrom(), farAwayMs)).outcome, 'within');
  }
  const after = openLimiter([limitFrom({ quota: 120 })], surroundings);
  const { outcome, states } = answered(after.take(questionFrom(), farAwayMs));
  assert.equal(outcome, 'over');
  assert.equal(states[0]?.retryAfterMs, 500, 'as soon as the new rate allows');
});

test('limits that cannot be counted are refused by name when they are loaded', () => {
  const clock = new FakeClock();
  const surroundings = {
    store: failing,
    localStore: new MemoryLimitStore(clock),
    replicas: 1,
    clock,
  };
  const load =
    (...definitions: LimitDefinition[]) =>
    () =>
      openLimiter(definitions, surroundings);
  assert.throws(load(limitFrom({ quota: 2_000_000, windowMs: 1000 })), /limit "limit": more than/);
  assert.throws(load(limitFrom({ quota: 1, windowMs: 31_536_000_000, burst: 200 })), /142 years/);
  assert.throws(load(limitFrom({ quota: 0.5 })), /must be positive/);
  assert.throws(load(limitFrom(), limitFrom()), /limit "limit" is there twice/);
});

test('onError deny: unavailable, and why', async () => {
  const { limiter } = withoutStore([limitFrom({ onError: 'deny' })]);
  const verdict = await limiter.take(questionFrom(), farAwayMs);
  assert.equal(verdict.outcome, 'unavailable');
  assert.match(verdict.detail ?? '', /it is down/);
  assert.deepEqual(
    verdict.states.map(({ result, degraded }) => [result, degraded]),
    [['skipped', 'deny']],
  );
});

test('onError allow: within, and said to be skipped', async () => {
  const { limiter } = withoutStore([limitFrom({ onError: 'allow' })]);
  const { outcome, states } = await limiter.take(questionFrom(), farAwayMs);
  assert.equal(outcome, 'within');
  assert.deepEqual(
    states.map(({ result, degraded }) => [result, degraded]),
    [['skipped', 'allow']],
  );
});

test('onError local: this replica admits its share, and says so', async () => {
  const { limiter } = withoutStore([limitFrom({ quota: 10, onError: 'local' })], 4);
  const outcomes: string[] = [];
  for (let taken = 0; taken < 3; taken += 1) {
    const { outcome, states } = await limiter.take(questionFrom(), farAwayMs);
    outcomes.push(outcome);
    assert.deepEqual([states[0]?.degraded, states[0]?.quota], ['local', 2]);
  }
  assert.deepEqual(outcomes, ['within', 'within', 'over']);
});

test('onError local: a share is never less than one request', async () => {
  const { limiter } = withoutStore([limitFrom({ quota: 20, cost: 8, onError: 'local' })], 50);
  assert.equal((await limiter.take(questionFrom(), farAwayMs)).outcome, 'within');
  assert.equal((await limiter.take(questionFrom(), farAwayMs)).outcome, 'over');
});

test('without the store one limit that denies is enough, and the local ones are not charged', async () => {
  const { limiter } = withoutStore([
    limitFrom({ name: 'local', onError: 'local', quota: 1 }),
    limitFrom({ name: 'deny', onError: 'deny', match: { methods: ['POST'] } }),
  ]);
  const denied = await limiter.take(questionFrom({ method: 'POST' }), farAwayMs);
  assert.equal(denied.outcome, 'unavailable');
  assert.equal((await limiter.take(questionFrom(), farAwayMs)).outcome, 'within');
});

test('a shadow limit that says deny does not refuse without the store either', async () => {
  const { limiter } = withoutStore([limitFrom({ mode: 'shadow', onError: 'deny' })]);
  const { outcome, states } = await limiter.take(questionFrom(), farAwayMs);
  assert.equal(outcome, 'within');
  assert.equal(states[0]?.degraded, 'allow');
});

test('a store that fails after the deadline admits nobody, whatever onError says', async () => {
  const { limiter, clock } = withoutStore([limitFrom({ onError: 'allow' })]);
  const verdict = await limiter.take(questionFrom(), clock.monotonicMs());
  assert.equal(verdict.outcome, 'unavailable');
});
