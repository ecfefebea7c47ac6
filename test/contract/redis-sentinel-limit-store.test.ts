import { after } from 'node:test';
import { systemClock } from '../../src/domain/clock.ts';
import { onUsable, openRedisClient } from '../../src/shared-state/redis-client.ts';
import { RedisLimitStore } from '../../src/limits/stores/redis-store.ts';
import { startSentinelGroup } from '../setup/redis-sentinel.ts';
import { redisSettings, unobserved } from '../setup/redis-settings.ts';
import { testLimitStore } from './limit-store.ts';
import { RedisAtTestTime } from './redis-at-test-time.ts';

const group = await startSentinelGroup();
const client = openRedisClient(redisSettings(group.servers));
await new Promise<void>((resolve) => {
  onUsable(client, resolve);
});
const redis = new RedisAtTestTime(client);

after(async () => {
  client.disconnect();
  await group.remove();
});

testLimitStore(async () => {
  await redis.empty();
  return {
    store: new RedisLimitStore(
      redis,
      { keyPrefix: 'sallyport:', isCluster: false, observer: unobserved },
      systemClock,
    ),
    advance: (ms) => {
      redis.advance(ms);
    },
  };
});
