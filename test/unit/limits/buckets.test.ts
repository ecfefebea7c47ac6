import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BucketAddress } from '../../../src/domain/limits/limit-bucket.ts';
import type { LimitDefinition } from '../../../src/domain/limits/limit.ts';
import { Buckets, type BucketSurroundings } from '../../../src/limits/buckets.ts';
import { DenialCache } from '../../../src/limits/stores/denial-cache.ts';
import { LimitTable } from '../../../src/limits/limit-table.ts';
import { createLimiter } from '../../../src/limits/limiter.ts';
import { MemoryLimitStore } from '../../../src/limits/stores/memory-store.ts';
import { Offenders } from '../../../src/limits/offenders.ts';
import { FakeClock, limitFrom, questionFrom } from './fixture.ts';

const farAwayMs = Number.MAX_SAFE_INTEGER;

function openRig(
  definitions: readonly LimitDefinition[],
  more: Partial<Pick<BucketSurroundings, 'store' | 'replicas'>> = {},
) {
  const clock = new FakeClock();
  const memory = new MemoryLimitStore(clock);
  const surroundings = {
    store: new DenialCache(memory, clock),
    localStore: memory,
    replicas: () => 1,
    overrides: () => [],
    offenders: new Offenders(clock),
    clock,
    ...more,
  };
  const table = new LimitTable(definitions, surroundings.overrides);
  const limiter = createLimiter(table, surroundings);
  return {
    buckets: new Buckets(table, surroundings),
    take: async (parts: Parameters<typeof questionFrom>[0] = {}) =>
      (await limiter.take(questionFrom(parts), farAwayMs)).outcome,
  };
}

function addressOf(parts: Record<string, string | null>, limit?: string): BucketAddress {
  return { counted: new Map(Object.entries(parts)), ...(limit !== undefined && { limit }) };
}

test('show tells of every bucket of a caller, and charges none', async () => {
  const overrides = [{ caller: 'alice', quota: 10, windowMs: 60_000, burst: 10 }];
  const { buckets, take } = openRig([
    limitFrom({ name: 'own', overrides }),
    limitFrom({ name: 'all', by: [], quota: 3 }),
    limitFrom({ name: 'tenant', by: [{ kind: 'caller' }, { kind: 'header', name: 'x-tenant' }] }),
    limitFrom({ name: 'elsewhere', match: { service: 'ledger' } }),
  ]);
  await take();
  for (let time = 0; time < 2; time += 1) {
    const report = await buckets.show(addressOf({ caller: 'alice', service: 'orders' }), farAwayMs);
    const told = report.buckets.map(({ limit, remaining, burst, override }) => [
      limit,
      remaining,
      burst,
      override,
    ]);
    assert.deepEqual(told, [
      ['own', 9, 10, 'file'],
      ['all', 2, 3, undefined],
    ]);
    assert.deepEqual(report.unaddressed, [{ limit: 'tenant', missing: ['header:x-tenant'] }]);
  }
});

test('without its store, only a limit with an override in the file is said to have one', async () => {
  const store = {
    take: () => Promise.reject(new Error('away')),
    empty: () => Promise.reject(new Error('away')),
  };
  const overrides = [{ caller: 'alice', quota: 10, windowMs: 60_000, burst: 10 }];
  const own = limitFrom({ name: 'own', onError: 'local', overrides });
  const all = limitFrom({ name: 'all', onError: 'local' });
  const { buckets } = openRig([own, all], { store, replicas: () => 2 });
  const report = await buckets.show(addressOf({ caller: 'alice' }), farAwayMs);
  const told = report.buckets.map(({ limit, degraded, override }) => [limit, degraded, override]);
  assert.deepEqual(told, [
    ['own', 'local', 'file'],
    ['all', 'local', undefined],
  ]);
});

test('a bucket of requests without a part, and one of a policy, have an address too', async () => {
  const by = [{ kind: 'header', name: 'x-tenant' }] as const;
  const { buckets, take } = openRig([limitFrom({ by, quota: 2 })]);
  await take();
  await take({ named: [{ name: 'limit', key: 'k' }] });
  await take({ named: [{ name: 'limit', key: 'k' }] });
  const remaining = async (parts: Record<string, string | null>) => {
    const report = await buckets.show(addressOf(parts, 'limit'), farAwayMs);
    return report.buckets[0]?.remaining;
  };
  assert.equal(await remaining({ 'header:x-tenant': null }), 1);
  assert.equal(await remaining({ 'header:x-tenant': '' }), 2);
  assert.equal(await remaining({ key: 'k' }), 0);
});

test('a bucket that counts a claim has an address that names its issuer', async () => {
  const { buckets, take } = openRig([
    limitFrom({ by: [{ kind: 'token', name: 'sub' }], quota: 2 }),
  ]);
  const token = {
    issuer: 'https://a',
    subject: 'bob',
    audience: [],
    scopes: [],
    claims: { sub: 'bob' },
    expiresAt: 0,
  };
  await take({ token });
  const remaining = async (subject: string) => {
    const report = await buckets.show(addressOf({ 'token.sub': subject }), farAwayMs);
    return report.buckets[0]?.remaining;
  };
  assert.equal(await remaining('https://a bob'), 1);
  assert.equal(await remaining('https://b bob'), 2);
});

test('reset without a limit gives back only what counts the caller', async () => {
  const { buckets, take } = openRig([
    limitFrom({ name: 'own', quota: 1 }),
    limitFrom({ name: 'all', by: [], quota: 1 }),
  ]);
  await take();
  const { buckets: given } = await buckets.reset(addressOf({ caller: 'alice' }), farAwayMs);
  assert.deepEqual(
    given.map(({ limit, remaining }) => [limit, remaining]),
    [['own', 1]],
  );
  assert.equal(await take(), 'over', 'the one for all still stands');
  await buckets.reset(addressOf({}, 'all'), farAwayMs);
  assert.equal(await take(), 'within');
});

test('a caller whose header would break out of its key addresses its own bucket only', async () => {
  const by = [{ kind: 'header', name: 'x-tenant' }] as const;
  const { buckets, take } = openRig([limitFrom({ by, quota: 1 })]);
  const hostile = `\r\nDEL *{x}${'y'.repeat(65_000)}`;
  await take({ headers: { 'x-tenant': hostile } });
  await take({ headers: { 'x-tenant': 'acme' } });
  await buckets.reset(addressOf({ 'header:x-tenant': hostile }, 'limit'), farAwayMs);
  assert.equal(await take({ headers: { 'x-tenant': hostile } }), 'within');
  assert.equal(await take({ headers: { 'x-tenant': 'acme' } }), 'over');
});
