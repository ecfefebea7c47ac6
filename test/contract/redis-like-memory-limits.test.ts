import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import * as fc from 'fast-check';
import { systemClock } from '../../src/domain/clock.ts';
import { MemoryLimitStore } from '../../src/limits/stores/memory-store.ts';
import type { CalendarEdges } from '../../src/limits/calendar.ts';
import { onUsable, openRedisClient } from '../../src/shared-state/redis-client.ts';
import { RedisLimitStore } from '../../src/limits/stores/redis-store.ts';
import { RedisServer } from '../setup/redis-server.ts';
import { redisSettings, unobserved } from '../setup/redis-settings.ts';
import { FakeClock } from '../unit/limits/fixture.ts';
import { noDeadline, testEpochMs } from './limit-store.ts';
import { RedisAtTestTime } from './redis-at-test-time.ts';

const server = await new RedisServer().start();
const client = openRedisClient(redisSettings({ kind: 'standalone', url: server.url }));
await new Promise<void>((resolve) => {
  onUsable(client, resolve);
});
const redis = new RedisAtTestTime(client);

after(async () => {
  client.disconnect();
  await server.remove();
});

/** Minutes, so that no key expires by the server's clock while the test's stands still. */
const minuteUs = 60_000_000;

/** Of windows of ten minutes. */
const windowUs = 10 * minuteUs;

const draining = fc.record({
  key: fc.constantFrom('a', 'b', 'c'),
  counted: fc.constant(''),
  amount: fc.integer({ min: 0, max: 5 * minuteUs }),
  capacity: fc.integer({ min: minuteUs, max: 20 * minuteUs }),
  enforced: fc.boolean(),
});
const emptied = draining.map((charge) => ({ ...charge, key: `${charge.key}/window`, edges: true }));
const charge = fc.oneof(draining, emptied);

function edgesAt(nowMs: number): CalendarEdges {
  const beginUs = Math.floor((nowMs * 1000) / windowUs) * windowUs;
  return [beginUs - windowUs, beginUs, beginUs + windowUs, beginUs + 2 * windowUs];
}

const request = fc.uniqueArray(charge, { minLength: 1, maxLength: 3, selector: ({ key }) => key });
/** Requests that come at once, then a pause. */
const step = fc.record({
  requests: fc.array(request, { minLength: 1, maxLength: 5 }),
  pauseMs: fc.integer({ min: 0, max: 5 * 60_000 }),
});

test('memory and Redis answer every sequence of requests alike', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 15 }), async (steps) => {
      await redis.empty();
      const clock = new FakeClock(testEpochMs);
      const inMemory = new MemoryLimitStore(clock);
      const inRedis = new RedisLimitStore(
        redis,
        { keyPrefix: '', isCluster: false, observer: unobserved },
        systemClock,
      );
      for (const { requests: asked, pauseMs } of steps) {
        const edgesUs = edgesAt(clock.nowMs());
        const requests = asked.map((charges) =>
          charges.map((each) => ('edges' in each ? { ...each, edgesUs } : each)),
        );
        const expected = requests.map((charges) => inMemory.take(charges));
        const answers = requests.map(async (charges) => inRedis.take(charges, noDeadline));
        assert.deepEqual(await Promise.all(answers), expected);
        clock.advance(pauseMs);
        redis.advance(pauseMs);
      }
    }),
    { numRuns: 200 },
  );
});
