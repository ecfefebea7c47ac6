import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { JsonObject } from '../../src/domain/json.ts';
import { type CheckClient, createCheckClient } from '../../src/server/check-client.ts';
import { waitFor } from '../e2e/child-process.ts';
import { type Sallyport, startSallyport } from '../e2e/sallyport.ts';
import { RedisServer } from '../setup/redis-server.ts';
import { FakeWorld } from '../unit/cli/fake-context.ts';

const redis = new RedisServer();
const root = mkdtempSync(join(tmpdir(), 'sallyport-operations-'));
const tokenFile = join(root, 'token');
const web = 'spiffe://shop.example/ns/shop/sa/web';
const other = 'spiffe://shop.example/ns/shop/sa/other';
const bundle = join(import.meta.dirname, '../fixtures/bundles/boolean.tar.gz');

interface Replica {
  readonly server: Sallyport;
  readonly config: string;
  readonly client: CheckClient;
}

let one: Replica;
let two: Replica;

before(async () => {
  writeFileSync(tokenFile, 'a-token-for-tests-only\n');
  await redis.start();
  [one, two] = await Promise.all([startReplica('one'), startReplica('two')]);
});

after(async () => {
  for (const { client, server } of [one, two]) {
    client.close();
    await server.process.stop();
  }
  await redis.remove();
  rmSync(root, { recursive: true });
});

async function startReplica(name: string): Promise<Replica> {
  const directory = join(root, name);
  mkdirSync(directory);
  const address = `unix:${join(directory, 'admin.sock')}`;
  const server = await startSallyport({
    directory,
    transport: 'unix',
    bundle,
    limits: [
      { name: 'few', match: { paths: ['/'] }, rate: '2/1h', onError: 'deny' },
      { name: 'tenant', match: { paths: ['/tenant'] }, by: ['header:x-tenant'], rate: '1/1h' },
      { name: 'day', match: { paths: ['/day'] }, quota: '1/day' },
    ],
    sections: {
      admin: { address, tokenFile },
      redis: { url: redis.url, commandTimeout: '2s' },
    },
  });
  await waitFor('Redis', async () =>
    (await server.metric('sallyport_redis_up')) === 1 ? true : undefined,
  );
  const client = createCheckClient({ kind: 'unix', path: join(directory, 'grpc.sock') });
  return { server, config: join(directory, 'sallyport.yaml'), client };
}

/** The HTTP status that a caller sees; 200 where it is allowed. */
async function ask(
  { client }: Replica,
  principal: string,
  { path = '/', headers = {} }: { path?: string; headers?: Record<string, string> } = {},
): Promise<number> {
  const http = { method: 'GET', path, host: 'shop', headers };
  const response = await client.check(
    { attributes: { source: { principal }, request: { http } } },
    { timeoutMs: 10_000 },
  );
  return response.deniedResponse?.status?.code ?? 200;
}

async function said({ config }: Replica, ...args: string[]) {
  const world = new FakeWorld();
  const status = await world.run('limits', ...args, '-c', config);
  return { status, stdout: world.stdout, stderr: world.stderr };
}

test('a caller who is denied is admitted everywhere after limits reset', async () => {
  assert.deepEqual([await ask(one, web), await ask(two, web)], [200, 200]);
  assert.deepEqual([await ask(one, web), await ask(two, web)], [429, 429]);
  const shown = await said(two, 'show', '--caller', web);
  assert.equal(shown.stderr, '');
  assert.match(shown.stdout, /few +0 of 2 left +2\/1h +in 1h +caller/);

  const reset = await said(one, 'reset', '--caller', web);
  assert.deepEqual([reset.status, reset.stderr], [0, '']);
  assert.match(reset.stdout, /few +2 of 2 left +2\/1h +now/);
  assert.equal(await ask(one, web), 200);
  await waitFor('the other replica', async () => (await ask(two, web)) === 200 || undefined, {
    withinMs: 5000,
  });
  assert.match(one.server.process.stderr(), /limits were reset, as was asked.*few/);
});

test('what is counted by something else is shown and reset by that', async () => {
  const headers = { 'x-tenant': 'acme\n' };
  assert.equal(await ask(one, web, { path: '/tenant', headers }), 200);
  assert.equal(await ask(one, other, { path: '/tenant', headers }), 429);
  const unaddressed = await said(one, 'show', '--caller', web);
  assert.match(unaddressed.stdout, /tenant is counted by header:x-tenant too: say --key/);
  const key = 'header:X-Tenant=acme\n';
  await said(one, 'reset', '--key', key);
  assert.equal(await ask(one, other, { path: '/tenant', headers }), 429, 'only by its name');
  const { stdout } = await said(one, 'reset', '--limit', 'tenant', '--key', key, '--json');
  const { buckets } = JSON.parse(stdout) as { buckets: JsonObject[] };
  assert.deepEqual([buckets.length, buckets[0]?.['remaining']], [1, 1]);
  assert.equal(await ask(one, other, { path: '/tenant', headers }), 200);
});

test('a quota is given back too', async () => {
  assert.equal(await ask(one, web, { path: '/day' }), 200);
  assert.equal(await ask(one, web, { path: '/day' }), 429);
  await said(one, 'reset', '--caller', web, '--limit', 'day');
  assert.equal(await ask(one, web, { path: '/day' }), 200);
});

test('an emergency override holds on every replica, says so, and ends', async () => {
  const caller = 'spiffe://shop.example/ns/shop/sa/batch';
  const order = ['--limit', 'few', '--caller', caller, '--rate', '1000/1h', '--for', '1h'];
  const told = await said(one, 'override', 'add', ...order, '--reason', 'sale', '--by', 'ann');
  assert.deepEqual([told.status, told.stderr], [0, '']);
  const [, id = ''] = /^(\w+) holds until/.exec(told.stdout) ?? [];
  const isSeen = async () => (await said(two, 'override', 'list')).stdout.includes(id) || undefined;
  await waitFor('the other replica', isSeen, { withinMs: 5000 });
  for (let request = 0; request < 5; request += 1) assert.equal(await ask(two, caller), 200);
  const shown = await said(two, 'show', '--caller', caller, '--limit', 'few');
  assert.match(shown.stdout, new RegExp(`995 of 1000 left +1000/1h .* override ${id}`));
  assert.equal((await said(two, 'override', 'remove', id)).status, 0);
  assert.equal((await said(two, 'override', 'remove', id)).status, 1);
  await waitFor('the end', async () => (await ask(one, caller)) === 429 || undefined);

  await waitFor('the records', () => {
    const records = two.server.records();
    const events = records.map(({ event }) => event).filter((event) => event !== undefined);
    const decided = records.find(({ caller: by }) => JSON.stringify(by)?.includes(caller));
    if (events.length < 2 || decided === undefined) return undefined;
    assert.deepEqual(events, ['limit_override_began', 'limit_override_ended']);
    assert.match(JSON.stringify(decided['limits']), new RegExp(`"override":"${id}"`));
    return true;
  });
});

test('an override that cannot be meant so is refused, and why', async () => {
  const who = ['--for', '1h', '--reason', 'r', '--by', 'b'];
  const refused = async (...order: string[]) => {
    const { status, stderr } = await said(one, 'override', 'add', ...who, ...order);
    assert.equal(status, 1);
    return stderr;
  };
  assert.match(await refused('--limit', 'fwe', '--off'), /no limit "fwe"; did you mean few\?/);
  assert.match(await refused('--limit', 'few'), /rate: is missing/);
  assert.match(await refused('--limit', 'few', '--off', '--rate', '1/1h'), /mode: stands beside/);
  assert.match(await refused('--limit', 'day', '--rate', '1/1h'), /quota such as 1000\/day/);
  assert.match(await refused('--limit', 'few', '--off', '--for', '25h'), /for: must be a duration/);
});

test('top says who is refused', async () => {
  for (let request = 0; request < 4; request += 1) await ask(two, other);
  const { stdout } = await said(two, 'top');
  assert.match(stdout, new RegExp(`few +\\d+ +caller=${other}`));
});

test('the records can be replayed, and the same limits make the same decisions', async () => {
  const directory = join(root, 'alone');
  mkdirSync(directory);
  const limits = [{ name: 'few', match: { paths: ['/'] }, rate: '2/1h' }];
  const server = await startSallyport({ directory, transport: 'unix', bundle, limits });
  const client = createCheckClient({ kind: 'unix', path: join(directory, 'grpc.sock') });
  const alone = { server, client, config: join(directory, 'sallyport.yaml') };
  for (let request = 0; request < 5; request += 1) await ask(alone, web);
  client.close();
  await server.process.stop();
  const log = join(directory, 'decisions.jsonl');
  const { status, stdout } = await said(alone, 'simulate', '--log', log);
  assert.match(stdout, /few +5 +3 +3 /);
  assert.equal(status, 0);
});

test('while Redis is away a reset is no yes, and show says what holds', async () => {
  redis.signal('SIGSTOP');
  try {
    const { status, stderr } = await said(one, 'reset', '--caller', web);
    assert.equal(status, 2);
    assert.match(stderr, /the server answered 503: It may not have been done/);
    const shown = await said(one, 'show', '--caller', web, '--limit', 'few');
    assert.match(shown.stdout, /Redis is away: deny/);
  } finally {
    redis.signal('SIGCONT');
  }
});
