/**
 * One replica of redis-limits-exact.test.ts: takes from one bucket as fast as it can, and prints
 * how often it was admitted, and from when to when by Redis's clock.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { systemClock } from '../../src/domain/clock.ts';
import { DenialCache } from '../../src/limits/stores/denial-cache.ts';
import { Leases } from '../../src/limits/stores/leases.ts';
import { RedisLimitStore } from '../../src/limits/stores/redis-store.ts';
import { createRedisConnection } from '../../src/shared-state/redis-connection.ts';
import type { Charge } from '../../src/limits/stores/store.ts';
import { redisSettings, unobserved } from '../setup/redis-settings.ts';

const atOnce = 64;

const [url = '', requests = '0', amount = '0', capacity = '0', leaseTokens, leaseUs] =
  process.argv.slice(2);
const charge: Charge = {
  key: 'shared',
  counted: '',
  amount: Number(amount),
  capacity: Number(capacity),
  enforced: true,
  ...(leaseTokens !== undefined && {
    lease: { amount: Number(leaseTokens) * Number(amount), forUs: Number(leaseUs) },
  }),
};

const { promise: up, resolve: connected } = Promise.withResolvers<void>();
const connection = createRedisConnection(
  // Longer than a busy machine lets it wait: a fault would be a request that was not counted.
  redisSettings({ kind: 'standalone', url }, { commandTimeoutMs: 10_000 }),
  { connected, lost: () => {}, renewalFailed: () => {} },
);
await up;
const redis = new RedisLimitStore(
  connection,
  { keyPrefix: '', isCluster: false, observer: unobserved },
  systemClock,
);
const store = new Leases(new DenialCache(redis, systemClock), systemClock);

let left = Number(requests);
let admitted = 0;
let firstUs = Infinity;
let lastUs = 0;

await Promise.all(
  Array.from({ length: atOnce }, async () => {
    while (left > 0) {
      left -= 1;
      const taken = await store.take([charge], Infinity);
      if (taken.admitted) {
        admitted += 1;
        firstUs = Math.min(firstUs, taken.atUs);
        lastUs = Math.max(lastUs, taken.atUs);
      } else {
        await nextTurn();
      }
    }
  }),
);
connection.close();
console.log(admitted, firstUs, lastUs);
