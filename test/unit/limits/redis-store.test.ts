import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RedisLimitStore } from '../../../src/limits/redis-store.ts';
import type { RedisConnection } from '../../../src/limits/redis.ts';
import type { Charge, Taken } from '../../../src/limits/store.ts';
import { FakeClock } from './fixture.ts';

const charge: Charge = { key: 'a', costUs: 1, capacityUs: 1, enforced: true };
const farAwayMs = Number.MAX_SAFE_INTEGER;

function connectionThat(parts: Partial<RedisConnection>): RedisConnection {
  return {
    isUp: () => true,
    runTakeScript: async () => Promise.resolve([]),
    close: () => {},
    ...parts,
  };
}

async function takeFrom(connection: RedisConnection): Promise<Taken> {
  return new RedisLimitStore(connection, '', new FakeClock()).take([charge], farAwayMs);
}

test('a reply that the script does not give is an error, never an admission', async () => {
  const replies: readonly unknown[] = [
    undefined,
    null,
    'OK',
    [],
    [1],
    [1, 0, 0],
    [1, '0'],
    ['1', 0],
    [1, -1],
    [1, 0.5],
    [1, Number.NaN],
    [1, null],
    { 0: 1, 1: 0, length: 2 },
  ];
  for (const reply of replies) {
    const connection = connectionThat({ runTakeScript: async () => Promise.resolve(reply) });
    await assert.rejects(takeFrom(connection), /not of the limit script/, JSON.stringify(reply));
  }
});

test('only a 1 admits', async () => {
  for (const [first, admitted] of [
    [1, true],
    [0, false],
    [2, false],
  ] as const) {
    const connection = connectionThat({ runTakeScript: async () => Promise.resolve([first, 7]) });
    assert.deepEqual(await takeFrom(connection), { admitted, aheadUs: [7] });
  }
});

test('a connection that throws is an error of every request that waits', async () => {
  const connection = connectionThat({
    runTakeScript: () => {
      throw new Error('not even a promise');
    },
  });
  await assert.rejects(takeFrom(connection), /not even a promise/);
});

test('nothing is sent while Redis is away', async () => {
  let calls = 0;
  const connection = connectionThat({
    isUp: () => false,
    runTakeScript: async () => Promise.resolve([(calls += 1), 0]),
  });
  await assert.rejects(takeFrom(connection), /not connected/);
  assert.equal(calls, 0);
});

test('only durations are sent, in calls of what one turn brought', async () => {
  const sent: unknown[] = [];
  const connection = connectionThat({
    runTakeScript: async (keys, args) => {
      sent.push([keys, args]);
      return Promise.resolve(keys.length === 3 ? [1, 0, 0, 0, 5] : [1, 0]);
    },
  });
  const store = new RedisLimitStore(connection, 'p:', new FakeClock());
  const shadow = { key: 'b', costUs: 2, capacityUs: 3, enforced: false };
  const answers = await Promise.all([
    store.take([charge, shadow], farAwayMs),
    store.take([charge], farAwayMs),
  ]);
  await store.take([charge], farAwayMs);
  assert.deepEqual(sent, [
    [
      ['p:a', 'p:b', 'p:a'],
      [2, 1, 1, 1, 2, 3, 0, 1, 1, 1, 1],
    ],
    [['p:a'], [1, 1, 1, 1]],
  ]);
  assert.deepEqual(answers, [
    { admitted: true, aheadUs: [0, 0] },
    { admitted: false, aheadUs: [5] },
  ]);
});
