import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startRedisCluster } from '../setup/redis-cluster.ts';
import { startSentinelGroup } from '../setup/redis-sentinel.ts';
import { RedisServer } from '../setup/redis-server.ts';
import { redisSettings } from '../setup/redis-settings.ts';
import { until } from '../setup/until.ts';
import { ask, chargeFor, openConnection } from './redis-connection.ts';

const callers = Array.from({ length: 60 }, (_, index) => `caller-${index}`);

test('replicas of one cluster admit exactly the burst of every caller', async (t) => {
  const cluster = await startRedisCluster();
  t.after(async () => cluster.remove());
  const settings = redisSettings({ kind: 'cluster', addresses: cluster.addresses.slice(0, 1) });
  const replicas = [openConnection(t, settings), openConnection(t, settings)];
  await until('the cluster is up', () => replicas.every(({ connection }) => connection.isUp()));
  const answers = await Promise.all(
    replicas.flatMap((replica) =>
      callers.flatMap((caller) => [1, 2].map(async () => ask(replica, chargeFor(caller, 3)))),
    ),
  );
  const failures = answers.filter((answer) => typeof answer === 'string');
  assert.deepEqual([...new Set(failures)], []);
  assert.equal(answers.filter((answer) => answer === true).length, 3 * callers.length);
  assert.equal(answers.filter((answer) => answer === false).length, callers.length);
});

test('a cluster that lost a master answers for the others, and for all when it is back', async (t) => {
  // Else the whole cluster says no: the operator's choice, told as an error as any other.
  const cluster = await startRedisCluster(['--cluster-require-full-coverage', 'no']);
  t.after(async () => cluster.remove());
  const opened = openConnection(
    t,
    redisSettings({ kind: 'cluster', addresses: cluster.addresses }, { commandTimeoutMs: 500 }),
  );
  await until('the cluster is up', () => opened.connection.isUp());
  await cluster.masters[1]?.kill();
  const answers = await Promise.all(
    callers.map(async (caller) => ask(opened, chargeFor(caller, 9))),
  );
  assert.ok(answers.includes(true), 'callers on other masters');
  assert.ok(
    answers.some((answer) => typeof answer === 'string'),
    'callers on the one that is gone',
  );
  await cluster.masters[1]?.start();
  await until('all are answered again', async () => {
    const again = await Promise.all(
      callers.map(async (caller) => ask(opened, chargeFor(caller, 900))),
    );
    return again.every((answer) => answer === true);
  });
});

test('after a failover the new primary counts on from what was replicated', async (t) => {
  const group = await startSentinelGroup();
  t.after(async () => group.remove());
  const opened = openConnection(t, redisSettings(group.servers, { commandTimeoutMs: 500 }));
  await until('the primary is found', () => opened.connection.isUp());
  assert.deepEqual(
    [await ask(opened, chargeFor('a', 2)), await ask(opened, chargeFor('a', 2))],
    [true, true],
  );
  // WAIT would be asked on another connection, which has written nothing.
  const count = ['GET', 'sallyport:limit:a'] as const;
  const counted = await group.primary.command(...count);
  assert.notEqual(counted, null);
  await until('it is replicated', async () => {
    return (await group.replica.command(...count)) === counted;
  });
  await group.primary.kill();
  assert.equal(typeof (await ask(opened, chargeFor('a', 2))), 'string', 'nobody can say');
  await until('the replica is primary', async () => ask(opened, chargeFor('b', 1)).then(isTrue));
  assert.equal(await ask(opened, chargeFor('a', 2)), false);
});

test('sentinels that cannot be reached are told of', async (t) => {
  const opened = openConnection(
    t,
    redisSettings({ kind: 'sentinel', addresses: [{ host: '127.0.0.1', port: 1 }], master: 'm' }),
  );
  await until('it is told', () => opened.lost.length > 0);
  assert.match(opened.lost[0] ?? '', /no sentinel could be asked/);
  assert.equal(await ask(opened, chargeFor('a', 1)), 'Redis is not connected');
});

test('a cluster that cannot be reached is told of', async (t) => {
  const addresses = [{ host: '127.0.0.1', port: 1 }];
  const opened = openConnection(t, redisSettings({ kind: 'cluster', addresses }));
  await until('it is told', () => opened.lost.length > 0);
  assert.match(opened.lost[0] ?? '', /ECONNREFUSED|no node of the cluster could be asked/);
  assert.equal(await ask(opened, chargeFor('a', 1)), 'Redis is not connected');
});

test('RESP 2 is spoken where it is asked for', async (t) => {
  const server = await startServer(t);
  const opened = openConnection(
    t,
    redisSettings({ kind: 'standalone', url: server.url }, { protocol: 2 }),
  );
  await until('Redis is up', () => opened.connection.isUp());
  assert.equal(await ask(opened, chargeFor('a', 1)), true);
  assert.equal(await ask(opened, chargeFor('a', 1)), false);
  assert.match(String(await server.command('CLIENT', 'LIST')), /cmd=eval(?:sha)? .*resp=2/);
});

/** What docs/limits.md tells an operator to grant. */
const rights = ['~sallyport:*', '+eval', '+evalsha', '+time', '+mget', '+set', '+del', '+info'];

test('an ACL user with few rights is enough, and its password may rotate', async (t) => {
  const server = await startServer(t);
  await server.command('ACL', 'SETUSER', 'sallyport', 'on', '>old', ...rights);
  const settingsWith = (password: string) =>
    redisSettings(
      { kind: 'standalone', url: server.url },
      { credentials: { username: 'sallyport', password } },
    );
  const opened = openConnection(t, settingsWith('old'));
  await until('Redis is up', () => opened.connection.isUp());
  assert.equal(await ask(opened, chargeFor('a', 9)), true);

  opened.connection.renew(settingsWith('mistyped'));
  await until('the refusal is told', () => opened.renewalsFailed.length > 0);
  assert.match(opened.renewalsFailed.join(), /WRONGPASS/);
  assert.doesNotMatch(opened.renewalsFailed.join(), /mistyped/);
  assert.equal(await ask(opened, chargeFor('a', 9)), true, 'the old connection serves');

  await server.command('ACL', 'SETUSER', 'sallyport', '>new', '<old');
  opened.connection.renew(settingsWith('new'));
  const connectionId = async () => /id=(\d+) .*user=sallyport/.exec(await clients(server))?.[1];
  const before = await connectionId();
  await until('the new connection serves', async () => {
    assert.equal(await ask(opened, chargeFor('b', 9_000)), true, 'not one request is lost');
    return (await connectionId()) !== before;
  });
  assert.deepEqual(opened.lost, []);
});

async function clients(server: RedisServer): Promise<string> {
  return String(await server.command('CLIENT', 'LIST'));
}

async function startServer(t: { after(end: () => Promise<void>): void }): Promise<RedisServer> {
  const server = new RedisServer();
  t.after(async () => server.remove());
  return server.start();
}

function isTrue(answer: boolean | string): boolean {
  return answer === true;
}
