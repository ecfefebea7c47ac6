import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
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

test('in Redis: a text that is longer than Sallyport writes is not read', async () => {
  const [connection] = connections;
  assert.ok(connection !== undefined);
  const board = createRedisBoard(connection, key);
  const longest = 8 * 1024 * 1024;
  await server.command('SET', key, 'x'.repeat(longest));
  assert.equal((await board.look('')).text?.length, longest);
  await server.command('APPEND', key, 'x');
  await assert.rejects(board.look(''), /not written by Sallyport: it has 8388609 bytes/);
  await server.command('DEL', key);
});
