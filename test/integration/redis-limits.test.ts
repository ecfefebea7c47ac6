import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, beforeEach, test } from 'node:test';
import { Redis } from 'ioredis';
import { systemClock } from '../../src/domain/clock.ts';
import { RedisLimitStore } from '../../src/limits/stores/redis-store.ts';
import {
  createRedisConnection,
  type RedisConnection,
} from '../../src/shared-state/redis-connection.ts';
import type { Charge } from '../../src/limits/stores/store.ts';
import { RedisServer } from '../setup/redis-server.ts';
import { redisSettings, unobserved } from '../setup/redis-settings.ts';

const server = new RedisServer();
const connections: RedisConnection[] = [];
let operator: Redis;

before(async () => {
  await server.start();
  operator = new Redis({ path: server.socketPath });
});

beforeEach(async () => {
  await operator.flushall();
  await operator.config('RESETSTAT');
});

after(async () => {
  for (const connection of connections) connection.close();
  operator.disconnect();
  await server.remove();
});

const keyPrefix = 'sallyport:';
const secondUs = 1_000_000;
const noDeadline = Number.MAX_SAFE_INTEGER;

async function openStore(): Promise<RedisLimitStore> {
  const { promise: up, resolve } = Promise.withResolvers<void>();
  const connection = createRedisConnection(redisSettings({ kind: 'standalone', url: server.url }), {
    connected: resolve,
    lost: () => {},
    renewalFailed: () => {},
  });
  connections.push(connection);
  await up;
  return new RedisLimitStore(
    connection,
    { keyPrefix, isCluster: false, observer: unobserved },
    systemClock,
  );
}

function chargeOf(key: string, burst: number, intervalUs = 3600 * secondUs): Charge {
  return { key, counted: '', amount: intervalUs, capacity: burst * intervalUs, enforced: true };
}

async function scriptCalls(): Promise<number> {
  const statistics = await operator.info('commandstats');
  const calls = statistics.matchAll(/^cmdstat_eval(?:sha)?:calls=(\d+)/gm);
  return [...calls].reduce((sum, [, count]) => sum + Number(count), 0);
}

test('replicas that take one key at once admit exactly its burst', async () => {
  const stores = await Promise.all(Array.from({ length: 4 }, openStore));
  const answers = await Promise.all(
    Array.from({ length: 4000 }, async (_, index) => {
      await sleep(index % 50);
      return stores[index % stores.length]?.take([chargeOf('one', 1234)], noDeadline);
    }),
  );
  assert.equal(answers.filter((taken) => taken?.admitted).length, 1234);
});

test('a caller who waits for as long as was said is admitted', async () => {
  const store = await openStore();
  const charge = chargeOf('waiting', 2, secondUs);
  await Promise.all([store.take([charge], noDeadline), store.take([charge], noDeadline)]);
  const { admitted, levels } = await store.take([charge], noDeadline);
  assert.equal(admitted, false);
  const waitMs = Math.ceil(((levels[0] ?? 0) + charge.amount - charge.capacity) / 1000);
  await sleep(waitMs / 4);
  assert.equal((await store.take([charge], noDeadline)).admitted, false);
  await sleep((waitMs * 3) / 4 + 2);
  assert.equal((await store.take([charge], noDeadline)).admitted, true);
});

test('requests of one turn go in calls of at most 64', async () => {
  const store = await openStore();
  const charges = Array.from({ length: 200 }, (_, index) => chargeOf(`key-${index}`, 1));
  await Promise.all(charges.map(async (charge) => store.take([charge], noDeadline)));
  assert.equal(await scriptCalls(), 4);
});

test('a request with very many limits is taken, and one with too many is an error', async () => {
  const store = await openStore();
  const charges = Array.from({ length: 4097 }, (_, index) => chargeOf(`key-${index}`, 1));
  const [whole, small, tooMany] = await Promise.allSettled([
    store.take(charges.slice(1), noDeadline),
    store.take(charges.slice(0, 2), noDeadline),
    store.take(charges, noDeadline),
  ]);
  assert.ok(whole.status === 'fulfilled' && whole.value.admitted);
  assert.ok(small.status === 'fulfilled' && !small.value.admitted, 'its second key is spent');
  assert.equal(tooMany.status, 'rejected');
});

test('a request whose time ran out while it waited is not sent', async () => {
  const store = await openStore();
  const late = store.take([chargeOf('late', 1)], systemClock.monotonicMs() + 1);
  const inTime = store.take([chargeOf('in-time', 1)], noDeadline);
  const until = systemClock.monotonicMs() + 5;
  while (systemClock.monotonicMs() < until);
  await assert.rejects(late, /time ran out/);
  assert.equal((await inTime).admitted, true);
  assert.deepEqual(await operator.keys('*'), [`${keyPrefix}in-time`]);
});

test('keys begin with the prefix and expire when their bucket is full', async () => {
  const store = await openStore();
  await store.take([chargeOf('a', 3, 10 * secondUs)], noDeadline);
  const leftMs = await operator.pttl(`${keyPrefix}a`);
  assert.ok(leftMs > 9000 && leftMs <= 10_000, `${leftMs} ms`);
});

test('a script that Redis forgot is sent again, and nobody sees it', async () => {
  const store = await openStore();
  const answers = [];
  for (let round = 0; round < 5; round += 1) {
    const requests = [1, 2, 3].map(async () => store.take([chargeOf('a', 10)], noDeadline));
    answers.push(...(await Promise.all(requests)));
    await operator.script('FLUSH');
  }
  assert.equal(answers.filter(({ admitted }) => admitted).length, 10);
});

test('what someone else wrote under a key is no reason to fail', async () => {
  const store = await openStore();
  await operator.set(`${keyPrefix}text`, 'not a number');
  await operator.rpush(`${keyPrefix}list`, 'not even a string');
  const taken = await store.take([chargeOf('text', 1), chargeOf('list', 1)], noDeadline);
  assert.deepEqual([taken.admitted, taken.levels], [true, [0, 0]]);
});

test('keys of 64 KiB and with every kind of character do not meet', async () => {
  const store = await openStore();
  const long = 'x'.repeat(64 * 1024);
  const keys = [`${long}a`, `${long}b`, 'a\nb', 'a\r\nb', 'a', '{a}', 'ü', '\0'];
  for (const round of ['admitted', 'refused']) {
    for (const key of keys) {
      const { admitted } = await store.take([chargeOf(key, 1)], noDeadline);
      assert.equal(admitted, round === 'admitted', key.slice(-4));
    }
  }
});
