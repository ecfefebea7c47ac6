import { after } from 'node:test';
import { systemClock } from '../../src/domain/clock.ts';
import { RedisLimitStore } from '../../src/limits/redis-store.ts';
import { RedisServer } from '../setup/redis-server.ts';
import { testLimitStore } from './limit-store.ts';
import { RedisAtTestTime } from './redis-at-test-time.ts';

const server = await new RedisServer().start();
const redis = new RedisAtTestTime(server);

after(async () => {
  redis.close();
  await server.remove();
});

testLimitStore(async () => {
  await redis.empty();
  return {
    store: new RedisLimitStore(redis, 'sallyport:', systemClock),
    advance: async (ms) => redis.advance(ms),
  };
});
