import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { ReplicaCensus } from '../../src/shared-state/replica-census.ts';
import { createRedisConnection } from '../../src/shared-state/redis-connection.ts';
import { waitFor } from '../e2e/child-process.ts';
import { RedisServer } from '../setup/redis-server.ts';
import { redisSettings } from '../setup/redis-settings.ts';

function onFault(cause: string): never {
  assert.fail(cause);
}

function startReplica(t: TestContext, url: string): ReplicaCensus {
  const runner = createRedisConnection(redisSettings({ kind: 'standalone', url }), {
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
  const allSee = (count: number) => (): true | undefined =>
    replicas.every((replica) => replica.count === count) || undefined;
  await waitFor('three', allSee(3));
  replicas.pop()?.stop();
  await waitFor('two', allSee(2));
  await server.kill();
  await waitFor('the loss', allSee(2));
});
