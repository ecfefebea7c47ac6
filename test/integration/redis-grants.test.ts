import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request, type RequestOptions } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { isJsonObject } from '../../src/domain/json.ts';
import { type CheckClient, createCheckClient } from '../../src/server/check-client.ts';
import { waitFor } from '../e2e/child-process.ts';
import { type Sallyport, type SallyportOptions, startSallyport } from '../e2e/sallyport.ts';
import { RedisServer } from '../setup/redis-server.ts';
import { FakeWorld } from '../unit/cli/fake-context.ts';

const redis = new RedisServer();
const root = mkdtempSync(join(tmpdir(), 'sallyport-grants-'));
const tokenFile = join(root, 'token');
const access = join(root, 'access.yaml');
const byDocument = { policy: {}, access };
const ops = 'spiffe://shop.example/ns/ops/sa/console';

interface Replica {
  readonly server: Sallyport;
  readonly config: string;
  readonly client: CheckClient;
}

const replicas: Replica[] = [];
let one: Replica;
let two: Replica;

before(async () => {
  writeFileSync(tokenFile, 'a-token-for-tests-only\n');
  const deny = [{ name: 'no-secrets', paths: ['/secrets'] }];
  const services = [{ name: 'orders', hosts: ['orders.shop'], deny }];
  writeFileSync(access, JSON.stringify({ version: 1, services }));
  await redis.start();
  const shared = { ...byDocument, redis: { url: redis.url, commandTimeout: '1s' } };
  [one, two] = await Promise.all([startReplica('one', shared), startReplica('two', shared)]);
});

after(async () => {
  for (const { client, server } of replicas) {
    client.close();
    await server.process.stop();
  }
  await redis.remove();
  rmSync(root, { recursive: true });
});

async function startReplica(
  name: string,
  sections: SallyportOptions['sections'],
): Promise<Replica> {
  const directory = join(root, name);
  mkdirSync(directory);
  const admin = { address: `unix:${join(directory, 'admin.sock')}`, tokenFile };
  const server = await startSallyport({
    directory,
    transport: 'unix',
    sections: { admin, ...sections },
  });
  const client = createCheckClient({ kind: 'unix', path: join(directory, 'grpc.sock') });
  const replica = { server, config: join(directory, 'sallyport.yaml'), client };
  replicas.push(replica);
  await waitFor('Redis', async () => (await said(replica, 'list')).status === 0 || undefined);
  return replica;
}

async function ask({ client }: Replica, path = '/orders', principal = ops) {
  const http = { method: 'GET', path, host: 'orders.shop', headers: {} };
  const { deniedResponse, okResponse, dynamicMetadata } = await client.check(
    { attributes: { source: { principal }, request: { http } } },
    { timeoutMs: 10_000 },
  );
  const headers = okResponse?.headers ?? [];
  const rule = headers.find(({ header }) => header?.key === 'x-sallyport-rule')?.header?.value;
  return { status: deniedResponse?.status?.code ?? 200, rule, dynamicMetadata };
}

async function status(replica: Replica, path?: string): Promise<number> {
  return (await ask(replica, path)).status;
}

function becomes(wanted: number, replica: Replica, withinMs = 20_000): Promise<unknown> {
  const holds = async () => (await status(replica)) === wanted || undefined;
  return waitFor(`${wanted}`, holds, { withinMs });
}

async function said({ config }: Replica, ...args: string[]) {
  const world = new FakeWorld();
  const exit = await world.run('grant', ...args, '-c', config);
  return { status: exit, stdout: world.stdout, stderr: world.stderr };
}

const order = ['--from', ops, '--to', 'orders', '--methods', 'GET,POST', '--by', 'ann'];

async function add(replica: Replica, ...parts: string[]): Promise<string> {
  const told = await said(replica, 'add', ...order, '--reason', 'incident 7', ...parts);
  assert.deepEqual([told.status, told.stderr], [0, '']);
  const [, id = ''] = /^(\w+) (?:counts until|waits for)/.exec(told.stdout) ?? [];
  return id;
}

function eventsOf({ server }: Replica, grant: string): string[] {
  return server
    .records()
    .filter(({ grant: about }) => isJsonObject(about) && about['id'] === grant)
    .flatMap(({ event }) => (typeof event === 'string' ? [event] : []));
}

test('a grant counts on every replica, is named in each use, and ends when it is revoked', async () => {
  assert.deepEqual([await status(one), await status(two)], [403, 403]);
  const id = await add(one, '--for', '30m', '--paths', '/orders,/secrets');
  assert.equal(await status(one), 200);
  await becomes(200, two);
  assert.equal(await status(two, '/secrets'), 403, 'a deny rule');
  assert.equal(await status(two, '/other'), 403);
  assert.equal((await ask(two, '/orders', `${ops}2`)).status, 403);
  const used = await ask(two);
  assert.equal(used.rule, `grant/${id}`);
  assert.match(JSON.stringify(used.dynamicMetadata), new RegExp(`"grant":.*${id}`));
  assert.match((await said(two, 'list')).stdout, new RegExp(`${id} .*ann: incident 7`));

  const { status: exit, stdout } = await said(two, 'revoke', id, '--by', 'bob');
  assert.deepEqual([exit, stdout], [0, `${id} counts no longer\n`]);
  assert.equal(await status(two), 403);
  await becomes(403, one);
  assert.equal((await said(two, 'revoke', id, '--by', 'bob')).status, 1);

  await waitFor('the records', () => {
    const use = two.server.records().find(({ grant }) => grant === id);
    const written = Math.min(...replicas.map((replica) => eventsOf(replica, id).length));
    if (use === undefined || written < 3) return undefined;
    assert.deepEqual([use['outcome'], use['rule']], ['allow', `grant/${id}`]);
    assert.deepEqual(use['reasons'], ['granted by ann: incident 7']);
    assert.deepEqual(eventsOf(one, id), ['grant_began', 'grant_added', 'grant_ended']);
    assert.deepEqual(eventsOf(two, id), ['grant_began', 'grant_ended', 'grant_revoked']);
    const revoked = two.server.records().find(({ event }) => event === 'grant_revoked');
    assert.equal(revoked?.['by'], 'bob');
    return true;
  });
});

test('a grant expires by itself, everywhere', async () => {
  const id = await add(two, '--for', '5s');
  await becomes(200, one);
  await becomes(403, one);
  await becomes(403, two);
  await waitFor('the records', () => eventsOf(one, id).includes('grant_expired') || undefined);
});

test('a grant that cannot be meant so is refused, and why', async () => {
  const mistaken = async (parts: readonly string[], exit: number, says: RegExp) => {
    const told = await said(one, 'add', '--reason', 'r', ...order, '--for', '1h', ...parts);
    assert.equal(told.stdout, '');
    assert.match(told.stderr, says);
    assert.equal(told.status, exit, told.stderr);
  };
  await mistaken(['--for', '9h'], 1, /^for: is longer than grants.maxDuration allows \(8h\)$/m);
  await mistaken(['--to', 'ordres'], 1, /no service "ordres"; did you mean orders\?/);
  await mistaken(['--for', '0'], 2, /--for: must be a duration from 1s to 24h, .* not "0"/);
  await mistaken(['--for', '99h'], 2, /--for: must be a duration from 1s to 24h/);
  await mistaken(['--reason', ''], 2, /--reason: must be 1 to 500 characters/);
  await mistaken(['--methods', 'get'], 2, /--methods\[0\]: .* in capitals, .* not "get"/);
  await mistaken(['--paths', 'orders'], 2, /--paths\[0\]: must be a path such as .* not "orders"/);
  await mistaken(['--from', 'spiffe://x/*'], 2, /--from: must be one caller/);
  const { status: exit, stderr } = await said(one, 'add');
  assert.equal(exit, 2);
  assert.match(
    stderr,
    /--from: is missing\n(?:.*\n)*--by: is missing\nTry: sallyport grant add --help/,
  );
});

test('a second person approves, where that is required', async () => {
  const careful = await startReplica('careful', {
    ...byDocument,
    redis: { url: redis.url },
    grants: { approval: 'required' },
  });
  const unapproved = await add(one, '--for', '1h');
  await becomes(200, two);
  await waitFor('that it waits', () => eventsOf(careful, unapproved).length === 1 || undefined);
  assert.equal(await status(careful), 403, 'nobody has approved it');
  await said(one, 'revoke', unapproved, '--by', 'ann');
  await becomes(403, two);
  await waitFor('the events', () => eventsOf(careful, unapproved).length === 2 || undefined);
  assert.deepEqual(eventsOf(careful, unapproved), ['grant_requested', 'grant_ended']);

  const id = await add(careful, '--for', '1h');
  await waitFor('seen', async () => (await said(one, 'list')).stdout.includes(id) || undefined);
  assert.match((await said(one, 'list')).stdout, /waits for approval/);
  assert.deepEqual([await status(careful), await status(one)], [403, 403]);
  const self = await said(careful, 'approve', id, '--by', 'ANN');
  assert.equal(self.status, 1);
  assert.match(self.stderr, /another person has to approve it/);
  assert.equal((await said(one, 'approve', id, '--by', 'bob')).status, 0);
  await becomes(200, careful);
  assert.match((await said(careful, 'approve', id, '--by', 'eve')).stderr, /already, by "bob"/);
  assert.match((await said(careful, 'list')).stdout, /ann and bob: incident 7/);
  await said(careful, 'revoke', id, '--by', 'ann');
  await becomes(403, one);
});

test('without a token nothing is granted, and without an access document either', async () => {
  const url = { socketPath: join(root, 'one', 'admin.sock'), path: '/v1/grants', method: 'POST' };
  assert.equal(await statusOf(url), 401);
  const bundle = join(import.meta.dirname, '../fixtures/bundles/boolean.tar.gz');
  const rego = await startReplica('rego', { policy: { bundle } });
  const { stderr } = await said(rego, 'add', ...order, '--for', '1h', '--reason', 'r');
  assert.match(stderr, /There is no access document/);
});

test('while Redis hangs no grant counts, and again when it answers', async () => {
  const id = await add(one, '--for', '1h');
  await becomes(200, two);
  redis.signal('SIGSTOP');
  try {
    await becomes(403, one);
    await becomes(403, two);
    assert.match(
      (await said(one, 'list')).stderr,
      /so no grant counts on this replica; its log says why/,
    );
    assert.equal((await said(one, 'revoke', id, '--by', 'ann')).status, 2);
  } finally {
    redis.signal('SIGCONT');
  }
  await becomes(200, two);
});

test('when Redis dies no grant counts', async () => {
  await becomes(200, one);
  await redis.kill();
  await becomes(403, one);
  await becomes(403, two);
});

function statusOf(options: RequestOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    request(options, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .on('error', reject)
      .end('{}');
  });
}
