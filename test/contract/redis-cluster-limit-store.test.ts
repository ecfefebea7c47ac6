import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { systemClock } from '../../src/domain/clock.ts';
import { onUsable, openRedisClient } from '../../src/shared-state/redis-client.ts';
import { RedisLimitStore } from '../../src/limits/stores/redis-store.ts';
import { startRedisCluster } from '../setup/redis-cluster.ts';
import { redisSettings, unobserved } from '../setup/redis-settings.ts';
import { aheadSeconds, chargeOf, take, testLimitStore } from './limit-store.ts';
import { RedisAtTestTime } from './redis-at-test-time.ts';

const cluster = await startRedisCluster();
const client = openRedisClient(redisSettings({ kind: 'cluster', addresses: cluster.addresses }));
await new Promise<void>((resolve) => {
  onUsable(client, resolve);
});
const redis = new RedisAtTestTime(client);

after(async () => {
  client.disconnect();
  await cluster.remove();
});

async function openStore() {
  await redis.empty();
  const store = new RedisLimitStore(
    redis,
    { keyPrefix: 'p:', isCluster: true, observer: unobserved },
    systemClock,
  );
  return { store, advance: (ms: number) => redis.advance(ms) };
}

/** What is counted by the same has one slot. */
testLimitStore(openStore);

/** Of other slots, and the first two of other masters than the third. */
const alice = { counted: 'alice' };
const acme = { counted: 'acme' };

test('limits in several slots are all taken', async () => {
  const { store } = await openStore();
  const charges = [
    chargeOf('a', alice),
    chargeOf('t', acme),
    chargeOf('all'),
    chargeOf('b', alice),
  ];
  assert.deepEqual(await take(store, ...charges), { admitted: true, levels: [0, 0, 0, 0] });
  for (const charge of charges) {
    const { levels } = await take(store, { ...charge, amount: 0 });
    assert.deepEqual(levels, [1_000_000], charge.key);
  }
});

test('a limit that refuses gives back what others in other slots had taken', async () => {
  const { store } = await openStore();
  await take(store, chargeOf('t', { ...acme, cost: 3 }));
  const shadow = chargeOf('s', { ...alice, burst: 0, enforced: false });
  const refused = await take(
    store,
    shadow,
    chargeOf('a', alice),
    chargeOf('t', acme),
    chargeOf('g'),
  );
  assert.deepEqual(refused, { admitted: false, levels: [0, 0, 3_000_000, undefined] });
  const { levels } = await take(store, chargeOf('a', { ...alice, cost: 0 }));
  assert.deepEqual(levels, [0], 'nothing is left of the charge');
  assert.equal(await aheadSeconds(store, 'g'), 0, 'never asked');
});

test('what is counted for all is asked last, wherever it stands', async () => {
  const { store } = await openStore();
  await take(store, chargeOf('a', { ...alice, cost: 3 }));
  const { levels } = await take(store, chargeOf('g'), chargeOf('a', alice));
  assert.deepEqual(levels, [undefined, 3_000_000]);
});

test('a refund leaves what others have taken meanwhile', async () => {
  const { store } = await openStore();
  await take(store, chargeOf('t', { ...acme, cost: 3 }));
  const answers = await Promise.all([
    take(store, chargeOf('a', alice), chargeOf('t', acme)),
    take(store, chargeOf('a', alice)),
    take(store, chargeOf('a', alice), chargeOf('t', acme)),
  ]);
  assert.deepEqual(
    answers.map(({ admitted }) => admitted),
    [false, true, false],
  );
  const { levels } = await take(store, chargeOf('a', { ...alice, cost: 0 }));
  assert.deepEqual(levels, [1_000_000]);
});

test('requests on many slots at once are admitted to the exact count of each limit', async () => {
  const { store } = await openStore();
  const answers = await Promise.all(
    Array.from({ length: 900 }, async (_, index) => {
      const counted = `caller-${index % 30}`;
      return take(
        store,
        chargeOf(counted, { counted, burst: 20 }),
        chargeOf('all', { burst: 500 }),
      );
    }),
  );
  assert.equal(answers.filter(({ admitted }) => admitted).length, 500);
  assert.equal(await aheadSeconds(store, 'all'), 500);
  let charged = 0;
  for (let caller = 0; caller < 30; caller += 1) {
    const counted = `caller-${caller}`;
    const { levels } = await take(store, chargeOf(counted, { counted, cost: 0 }));
    charged += (levels[0] ?? 0) / 1_000_000;
  }
  assert.equal(charged, 500, 'what was held for refused requests is back');
});
