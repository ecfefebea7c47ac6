import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ReplicaCensus } from '../../src/shared-state/replica-census.ts';
import type { RedisCredentials } from '../../src/shared-state/redis-settings.ts';
import { createRedisConnection } from '../../src/shared-state/redis-connection.ts';
import { RedisServer } from '../setup/redis-server.ts';
import { redisSettings } from '../setup/redis-settings.ts';
import { until } from '../setup/until.ts';

function onFault(cause: string): never {
  assert.fail(cause);
}

function startReplica(
  t: TestContext,
  url: string,
  credentials: RedisCredentials = {},
): ReplicaCensus {
  const settings = redisSettings({ kind: 'standalone', url }, { credentials });
  const runner = createRedisConnection(settings, {
    connected: () => {
      census.beatNow();
    },
    lost: () => {},
    renewalFailed: () => {},
  });
  const census = new ReplicaCensus({ runner, key: 'sallyport:@replicas', beatMs: 200, onFault });
  census.start();
  t.after(() => {
    census.stop();
    runner.close();
  });
  return census;
}

test('replicas count each other, forget who is gone, and keep the number while Redis is away', async (t) => {
  const server = await new RedisServer().start();
  t.after(() => server.remove());
  const replicas = Array.from({ length: 3 }, () => startReplica(t, server.url));
  assert.equal(replicas[0]?.count, 1, 'itself, before it has asked');
  const allSee = (count: number) => () => replicas.every((replica) => replica.count === count);
  await until('three are seen', allSee(3));
  replicas.pop()?.stop();
  await until('two are seen', allSee(2));
  await server.kill();
  await sleep(1000);
  assert.ok(allSee(2)(), 'beats have failed');
});

test('the rights of docs/limits.md are enough to be counted', async (t) => {
  const server = await new RedisServer().start();
  t.after(() => server.remove());
  const guide = readFileSync(join(import.meta.dirname, '../../docs/limits.md'), 'utf8');
  const [, rights = ''] = /ACL SETUSER sallyport on >… (.+)/.exec(guide) ?? [];
  assert.match(rights, /\+zadd/);
  await server.command('ACL', 'SETUSER', 'sallyport', 'on', '>secret', ...rights.split(' '));
  const credentials = { username: 'sallyport', password: 'secret' };
  const replicas = [1, 2].map(() => startReplica(t, server.url, credentials));
  await until('both are seen', () => replicas.every(({ count }) => count === 2));
});
