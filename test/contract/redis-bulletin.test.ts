import { after, before } from 'node:test';
import { createRedisBoard } from '../../src/shared-state/boards.ts';
import {
  createRedisConnection,
  type RedisConnection,
} from '../../src/shared-state/redis-connection.ts';
import { RedisServer } from '../setup/redis-server.ts';
import { redisSettings } from '../setup/redis-settings.ts';
import { until } from '../setup/until.ts';
import { describeBulletin } from './bulletin.ts';

const server = new RedisServer();
const connections: RedisConnection[] = [];
const key = 'sallyport:@notices';

before(async () => {
  await server.start();
  const settings = redisSettings({ kind: 'standalone', url: server.url });
  const observer = { connected: () => {}, lost: () => {}, renewalFailed: () => {} };
  for (let replica = 0; replica < 4; replica += 1) {
    connections.push(createRedisConnection(settings, observer));
  }
  await until('Redis is up', () => connections.every((each) => each.isUp()));
});

after(async () => {
  for (const connection of connections) connection.close();
  await server.remove();
});

describeBulletin('in Redis', async () => {
  await server.command('FLUSHALL');
  let next = 0;
  return {
    open: () => {
      const connection = connections[(next += 1) % connections.length];
      if (connection === undefined) throw new Error('no connection');
      return createRedisBoard(connection, key);
    },
    write: async (text) => {
      await server.command('SET', key, text);
    },
  };
});
