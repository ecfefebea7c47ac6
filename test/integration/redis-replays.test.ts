import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { RedisReplayStore } from '../../src/identity/replay/redis-replay-store.ts';
import { RedisServer } from '../setup/redis-server.ts';
import { redisSettings } from '../setup/redis-settings.ts';
import { until } from '../setup/until.ts';
import { signToken } from '../setup/token-issuer.ts';
import { bearing, callersWith, claimsWith, issuerKey, outcome } from '../unit/identity/callers.ts';
import { openConnection } from './redis-connection.ts';

const redis = new RedisServer();
before(() => redis.start());
after(() => redis.remove());

test('a token for one use is good once for all replicas, and none while Redis is away', async (t) => {
  const settings = redisSettings({ kind: 'standalone', url: redis.url });
  const replicas = Array.from({ length: 3 }, () => {
    const { connection } = openConnection(t, settings);
    const replays = new RedisReplayStore(connection, 'sallyport:used:');
    const callers = callersWith({ replays, issuers: [{ replay: { claim: 'jti' } }] });
    return { connection, callers };
  });
  const areUp = () => replicas.every(({ connection }) => connection.isUp());
  await until('the replicas are connected', areUp);

  const askAll = async (jti: string) => {
    const request = bearing(signToken(issuerKey, claimsWith({ jti })));
    const answers = replicas.map(async ({ callers }) => callers.resolve(request, Infinity));
    const outcomes = (await Promise.all(answers)).map((answer) => outcome(answer) ?? 'nobody');
    return outcomes.toSorted((a, b) => a.localeCompare(b));
  };
  assert.deepEqual(await askAll('a'), ['orders-client', 'token_replayed', 'token_replayed']);
  assert.deepEqual(await askAll('a'), ['token_replayed', 'token_replayed', 'token_replayed']);

  const [key] = (await redis.command('KEYS', 'sallyport:used:*')) as string[];
  const leftMs = Number(await redis.command('PTTL', key ?? ''));
  assert.ok(leftMs > 90_000 && leftMs <= 120_000, `until exp and twice clockSkew: ${leftMs}`);

  await redis.kill();
  await until('the replicas know it', () => !replicas.some(({ connection }) => connection.isUp()));
  assert.deepEqual(await askAll('b'), ['internal', 'internal', 'internal']);

  await redis.start();
  await until('the replicas are connected again', areUp);
  assert.deepEqual(await askAll('b'), ['orders-client', 'token_replayed', 'token_replayed']);
});
