import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RedisLimitStore } from '../../../../src/limits/stores/redis-store.ts';
import type { ScriptRunner } from '../../../../src/domain/script-runner.ts';
import type { Charge, Taken } from '../../../../src/limits/stores/store.ts';
import { FakeClock } from '../fixture.ts';
import { unobserved } from '../../../setup/redis-settings.ts';

const charge: Charge = { key: 'a', counted: '', amount: 1, capacity: 1, enforced: true };
const inOneServer = { keyPrefix: '', isCluster: false, observer: unobserved };
const farAwayMs = Number.MAX_SAFE_INTEGER;

function connectionThat(parts: Partial<ScriptRunner>): ScriptRunner {
  return {
    isUp: () => true,
    runScript: async () => Promise.resolve([]),
    ...parts,
  };
}

async function takeFrom(connection: ScriptRunner): Promise<Taken> {
  return new RedisLimitStore(connection, inOneServer, new FakeClock()).take([charge], farAwayMs);
}

test('a reply that the script does not give is an error, never an admission', async () => {
  const replies: readonly unknown[] = [
    undefined,
    null,
    'OK',
    [],
    [7],
    [7, 1],
    [7, 1, 0, 0],
    [7, 1, '0'],
    [7, '1', 0],
    [7, 1, -1],
    [7, 1, 0.5],
    [7, 1, Number.NaN],
    [7, 1, null],
    [null, 1, 0],
    { 0: 7, 1: 1, 2: 0, length: 3 },
  ];
  for (const reply of replies) {
    const connection = connectionThat({ runScript: async () => Promise.resolve(reply) });
    await assert.rejects(takeFrom(connection), /not of the limit script/, JSON.stringify(reply));
  }
});

test('only a 1 admits', async () => {
  for (const [first, admitted] of [
    [1, true],
    [0, false],
    [2, false],
  ] as const) {
    const connection = connectionThat({
      runScript: async () => Promise.resolve([9, first, 7]),
    });
    assert.deepEqual(await takeFrom(connection), { admitted, levels: [7], atUs: 9 });
  }
});

test('a connection that throws is an error of every request that waits', async () => {
  const connection = connectionThat({
    runScript: () => {
      throw new Error('not even a promise');
    },
  });
  await assert.rejects(takeFrom(connection), /not even a promise/);
});

test('nothing is sent while Redis is away', async () => {
  let calls = 0;
  const connection = connectionThat({
    isUp: () => false,
    runScript: async () => Promise.resolve([9, (calls += 1), 0]),
  });
  await assert.rejects(takeFrom(connection), /not connected/);
  assert.equal(calls, 0);
});

test('only durations are sent, in calls of what one turn brought', async () => {
  const sent: unknown[] = [];
  const connection = connectionThat({
    runScript: async (_lua, keys, args) => {
      sent.push([keys, args]);
      return Promise.resolve(keys.length === 3 ? [9, 1, 0, 0, 0, 5] : [9, 1, 0]);
    },
  });
  const store = new RedisLimitStore(
    connection,
    { keyPrefix: 'p:', isCluster: false, observer: unobserved },
    new FakeClock(),
  );
  const shadow = { key: 'b', counted: '', amount: 2, capacity: 3, ceiling: 4, enforced: false };
  const answers = await Promise.all([
    store.take([charge, shadow], farAwayMs),
    store.take([charge], farAwayMs),
  ]);
  await store.take([charge], farAwayMs);
  const max = Number.MAX_SAFE_INTEGER;
  assert.deepEqual(sent, [
    [
      ['p:a', 'p:b', 'p:a'],
      [2, 1, 1, max, 1, 2, 3, 4, 0, 1, 1, 1, max, 1],
    ],
    [['p:a'], [1, 1, 1, max, 1]],
  ]);
  assert.deepEqual(answers, [
    { admitted: true, levels: [0, 0], atUs: 9 },
    { admitted: false, levels: [5], atUs: 9 },
  ]);
});
