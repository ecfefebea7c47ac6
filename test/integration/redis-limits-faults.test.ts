import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { type TestContext, test } from 'node:test';
import { Redis } from 'ioredis';
import type { Limiter } from '../../src/check/ports.ts';
import { systemClock } from '../../src/domain/clock.ts';
import type { LimitsVerdict, OnStoreError } from '../../src/domain/limits/limit.ts';
import { MemoryLimitStore } from '../../src/limits/stores/memory-store.ts';
import { RedisLimitStore } from '../../src/limits/stores/redis-store.ts';
import {
  createRedisConnection,
  type RedisConnection,
} from '../../src/shared-state/redis-connection.ts';
import { RedisServer } from '../setup/redis-server.ts';
import { redisSettings, unobserved } from '../setup/redis-settings.ts';
import { TcpProxy } from '../setup/tcp-proxy.ts';
import { until } from '../setup/until.ts';
import { namedLimitFrom, openLimiter, questionFrom } from '../unit/limits/fixture.ts';

const commandTimeoutMs = 100;
/** What a busy machine may add to a time-out. */
const slackMs = 600;

interface Rig {
  readonly connection: RedisConnection;
  readonly lost: string[];
  take(onError: OnStoreError): Promise<LimitsVerdict>;
}

const quota = 6;
const replicas = 3;

/** One limit for each onError, each with the whole quota of a day to itself. */
function openRig(t: TestContext, url: string): Rig {
  const lost: string[] = [];
  const connection = createRedisConnection(
    redisSettings({ kind: 'standalone', url }, { commandTimeoutMs }),
    { connected: () => {}, lost: (cause) => lost.push(cause), renewalFailed: () => {} },
  );
  t.after(() => {
    connection.close();
  });
  const clock = systemClock;
  const limiter: Limiter = openLimiter(
    (['allow', 'deny', 'local'] as const).map((onError) =>
      namedLimitFrom({ name: onError, onError, quota, windowMs: 86_400_000 }),
    ),
    {
      store: new RedisLimitStore(
        connection,
        { keyPrefix: '', isCluster: false, observer: unobserved },
        clock,
      ),
      localStore: new MemoryLimitStore(clock),
      replicas,
      clock,
    },
  );
  return {
    connection,
    lost,
    take: async (onError) =>
      limiter.take(questionFrom({ named: [{ name: onError }] }), clock.monotonicMs() + 1000),
  };
}

async function startServer(t: TestContext, options: readonly string[] = []): Promise<RedisServer> {
  const server = new RedisServer(options);
  t.after(async () => server.remove());
  return server.start();
}

async function timed<T>(run: () => Promise<T>): Promise<{ answer: T; tookMs: number }> {
  const startedMs = systemClock.monotonicMs();
  const answer = await run();
  return { answer, tookMs: systemClock.monotonicMs() - startedMs };
}

/** Each limit does what its onError says, and none later than the command's time-out. */
async function assertDegraded(rig: Rig): Promise<void> {
  for (const onError of ['allow', 'deny', 'local'] as const) {
    const { answer, tookMs } = await timed(async () => rig.take(onError));
    assert.equal(answer.outcome, onError === 'deny' ? 'unavailable' : 'within', onError);
    assert.equal(answer.states[0]?.degraded, onError);
    assert.ok(tookMs <= commandTimeoutMs + slackMs, `${onError} after ${tookMs} ms`);
  }
}

async function assertRecovers(rig: Rig): Promise<void> {
  await until('Redis is asked again', async () => {
    const { states } = await rig.take('allow');
    return states[0]?.degraded === undefined;
  });
  assert.equal(rig.connection.isUp(), true);
  assert.equal((await rig.take('deny')).outcome, 'within');
}

test('a Redis that is away at the start is used when it comes', async (t) => {
  const server = new RedisServer();
  t.after(async () => server.remove());
  const rig = openRig(t, server.url);
  assert.equal(rig.connection.isUp(), false);
  await assertDegraded(rig);
  await until('the loss is told', () => rig.lost.length > 0);
  assert.match(rig.lost[0] ?? '', /ENOENT/);
  await server.start();
  await assertRecovers(rig);
});

test('local admits this replica’s share, however long Redis is away', async (t) => {
  const rig = openRig(t, 'unix:/nonexistent/redis.sock');
  const outcomes = [];
  for (let request = 0; request < 4; request += 1) {
    outcomes.push((await rig.take('local')).outcome);
  }
  assert.deepEqual(outcomes, ['within', 'within', 'over', 'over']);
});

test('a Redis killed in the midst of traffic: every request is answered, and in time', async (t) => {
  const server = await startServer(t);
  const rig = openRig(t, server.url);
  await until('Redis is up', () => rig.connection.isUp());
  const traffic = new AbortController();
  let longestMs = 0;
  const outcomes = new Set<string>();
  const details = new Set<string>();
  const clients = Array.from({ length: 50 }, async () => {
    while (!traffic.signal.aborted) {
      const { answer, tookMs } = await timed(async () => rig.take('deny'));
      longestMs = Math.max(longestMs, tookMs);
      outcomes.add(answer.outcome);
      if (answer.detail !== undefined) details.add(answer.detail);
      await sleep(1);
    }
  });
  await sleep(100);
  await server.kill();
  await sleep(200);
  await server.start();
  await until('Redis is up again', () => rig.connection.isUp());
  await sleep(50);
  traffic.abort();
  await Promise.all(clients);
  assert.deepEqual([...outcomes].toSorted(), ['over', 'unavailable', 'within']);
  for (const detail of details) assert.match(detail, /Redis (?:is not connected|was lost)/);
  assert.ok(longestMs <= commandTimeoutMs + slackMs, `${longestMs} ms`);
  assert.equal((await rig.take('allow')).states[0]?.degraded, undefined);
});

test('a Redis that hangs: answered within the time-out, then at once, and used when it wakes', async (t) => {
  const server = await startServer(t);
  const rig = openRig(t, server.url);
  await until('Redis is up', () => rig.connection.isUp());
  server.signal('SIGSTOP');
  await assertDegraded(rig);
  await until('the connection is given up', () => !rig.connection.isUp());
  await assertDegraded(rig);
  assert.match((await rig.take('deny')).detail ?? '', /Redis is not connected/);
  server.signal('SIGCONT');
  await assertRecovers(rig);
});

test('a Redis that answers too late costs few requests their time-out, and then none', async (t) => {
  const server = await startServer(t);
  const proxy = await new TcpProxy(server.socketPath).open();
  t.after(async () => proxy.cut());
  const rig = openRig(t, proxy.url);
  await until('Redis is up', () => rig.connection.isUp());
  proxy.delayMs = 2 * commandTimeoutMs;
  const asked = async (): Promise<boolean> => {
    const { tookMs } = await timed(async () => rig.take('allow'));
    return tookMs >= commandTimeoutMs * 0.9;
  };
  const waited = [];
  for (let request = 0; request < 50; request += 1) waited.push(await asked());
  assert.deepEqual(waited.filter(Boolean), [true, true, true]);
  const { detail } = await rig.take('deny');
  assert.match(detail ?? '', /Redis failed 3 times in a row|Redis is not connected/);
  proxy.delayMs = 0;
  await assertRecovers(rig);
});

test('a wire that is dead, and says nothing, is given up and taken again', async (t) => {
  const server = await startServer(t);
  const proxy = await new TcpProxy(server.socketPath).open();
  t.after(async () => proxy.cut());
  const rig = openRig(t, proxy.url);
  await until('Redis is up', () => rig.connection.isUp());
  proxy.delayMs = Infinity;
  await assertDegraded(rig);
  await until('the connection is given up', () => !rig.connection.isUp());
  proxy.delayMs = 0;
  await assertRecovers(rig);
});

test('connections that are cut are made again', async (t) => {
  const server = await startServer(t);
  const proxy = await new TcpProxy(server.socketPath).open();
  t.after(async () => proxy.cut());
  const rig = openRig(t, proxy.url);
  await until('Redis is up', () => rig.connection.isUp());
  await proxy.cut();
  await assertDegraded(rig);
  await proxy.open();
  await assertRecovers(rig);
});

test('a Redis that forgot everything counts anew, and no further', async (t) => {
  const server = await startServer(t);
  const rig = openRig(t, server.url);
  await until('Redis is up', () => rig.connection.isUp());
  const admitted = async (): Promise<number> => {
    let count = 0;
    while ((await rig.take('deny')).outcome === 'within') count += 1;
    return count;
  };
  assert.equal(await admitted(), quota);
  await server.command('FLUSHALL');
  assert.equal(await admitted(), quota);
});

test('an error reply is a fault as any other', async (t) => {
  const server = await startServer(t);
  const rig = openRig(t, server.url);
  await until('Redis is up', () => rig.connection.isUp());
  const operator = new Redis({ path: server.socketPath });
  t.after(() => {
    operator.disconnect();
  });
  await operator.config('SET', 'maxmemory', '1');
  await assertDegraded(rig);
  const { detail } = await rig.take('deny');
  assert.match(detail ?? '', /OOM/);
  await operator.config('SET', 'maxmemory', '0');
  await assertRecovers(rig);
});

test('a primary that became a replica is left, and taken again when it is primary', async (t) => {
  const server = await startServer(t);
  const rig = openRig(t, server.url);
  await until('Redis is up', () => rig.connection.isUp());
  const operator = new Redis({ path: server.socketPath });
  t.after(() => {
    operator.disconnect();
  });
  await operator.replicaof('127.0.0.1', 1);
  await assertDegraded(rig);
  await until('the connection is given up', () => rig.lost.length > 0);
  await operator.replicaof('NO', 'ONE');
  await assertRecovers(rig);
});

test('a wrong password is told without the password, and nobody is let in by it', async (t) => {
  const server = await startServer(t, ['--requirepass', 'right']);
  const rig = openRig(t, `${server.url}?password=mistyped`);
  await until('the refusal is told', () => rig.lost.length > 0);
  assert.match(rig.lost.join(), /WRONGPASS/);
  assert.doesNotMatch(rig.lost.join(), /mistyped/);
  assert.equal(rig.connection.isUp(), false);
  await assertDegraded(rig);
});
