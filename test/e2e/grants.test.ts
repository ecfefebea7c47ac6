import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test, type TestContext } from 'node:test';
import { isJsonObject, type JsonObject, parsePlainJson } from '../../src/domain/json.ts';
import { text } from '../../src/cli/reply-parts.ts';
import { RedisServer } from '../setup/redis-server.ts';
import { FakeWorld } from '../unit/cli/fake-context.ts';
import { waitFor } from './child-process.ts';
import { type Client, seenBy } from './client.ts';
import { type Road, startRoad, temporaryDirectory } from './road.ts';
import { type SallyportOptions, writeConfiguration } from './sallyport.ts';

const ops = 'spiffe://shop.example/ns/ops/sa/console';
const redis = new RedisServer();

/** An Envoy, its Sallyport, and the operator who asks that. */
interface Replica {
  readonly road: Road;
  readonly client: Client;
  readonly options: SallyportOptions;
}

let one: Replica;
let two: Replica;

before(async () => {
  await redis.start();
  [one, two] = await Promise.all([startReplica(), startReplica()]);
});

after(async () => {
  await Promise.all([one, two].map(({ road }) => road.stop()));
  await redis.remove();
});

async function startReplica(): Promise<Replica> {
  const directory = temporaryDirectory();
  const [access, tokenFile] = [join(directory, 'access.yaml'), join(directory, 'token')];
  const services = [{ name: 'orders', hosts: ['orders.shop'] }];
  writeFileSync(access, JSON.stringify({ version: 1, services }));
  writeFileSync(tokenFile, 'a-token-for-tests-only');
  const sections = {
    admin: { address: `unix:${join(directory, 'admin.sock')}`, tokenFile },
    policy: {},
    access,
    redis: { url: redis.url, commandTimeout: '1s' },
    grants: { maxDuration: '1h' },
  };
  const options = { directory, transport: 'unix', sections } as const;
  const road = await startRoad(options);
  return { road, client: road.caller(ops), options };
}

function ask({ client }: Replica) {
  return client.send({ path: '/orders/7', headers: { host: 'orders.shop' } });
}

/** On both; how long it took is for people, because machines are slow at times. */
async function becomes(t: TestContext, wanted: number): Promise<void> {
  const startedMs = performance.now();
  for (const replica of [one, two]) {
    const holds = async () => (await ask(replica)).status === wanted || undefined;
    await waitFor(`${wanted}`, holds, { program: replica.road.sallyport.process });
  }
  t.diagnostic(`${wanted} on both after ${Math.round(performance.now() - startedMs)} ms`);
}

async function grant({ options }: Replica, ...args: string[]): Promise<string> {
  const world = new FakeWorld();
  const exit = await world.run('grant', ...args, '-c', join(options.directory, 'sallyport.yaml'));
  assert.equal(exit, 0, world.stderr);
  return world.stdout;
}

const order = { from: ops, to: 'orders', methods: ['GET'], reason: 'incident 7', by: 'ann' };

async function add(replica: Replica, lasting: string): Promise<string> {
  const { from, to, reason, by } = order;
  const words = ['--from', from, '--to', to, '--methods', 'GET', '--reason', reason, '--by', by];
  const told = await grant(replica, 'add', ...words, '--for', lasting, '--json');
  const added = parsePlainJson(told);
  assert.ok(isJsonObject(added));
  return text(added['id']);
}

function eventsOf({ road }: Replica, id: string): readonly unknown[] {
  return road.sallyport
    .records()
    .filter(({ grant: about }) => isJsonObject(about) && about['id'] === id)
    .map(({ event }) => event);
}

function saysOf(replica: Replica, id: string, event: string): Promise<unknown> {
  return waitFor(event, () => eventsOf(replica, id).includes(event) || undefined);
}

test('through two Envoys a grant counts, is named, and ends when it is revoked or its time is over', async (t) => {
  await becomes(t, 403);
  const id = await add(one, '30m');
  await becomes(t, 200);
  assert.equal(seenBy(await ask(two)).headers['x-sallyport-rule'], `grant/${id}`);
  const used = await waitFor('the record', () =>
    two.road.sallyport.records().find((record) => record['grant'] === id),
  );
  assert.deepEqual(used['reasons'], ['granted by ann: incident 7']);
  assert.match(await grant(two, 'list'), new RegExp(`${id} .* counts .* [1-9]\\d* +ann: incident`));
  assert.equal(await two.road.sallyport.metric('sallyport_grants{state="counts"}'), 1);
  const uses = 'sallyport_grant_uses_total{service="orders"}';
  assert.ok((await two.road.sallyport.metric(uses)) > 0);
  await grant(two, 'revoke', id, '--by', 'bob');
  await becomes(t, 403);
  await saysOf(one, id, 'grant_ended');

  const short = await add(two, '5s');
  await becomes(t, 200);
  await becomes(t, 403);
  await saysOf(one, short, 'grant_expired');
});

test('terms that are reloaded hold for the grants that are there, and are written down', async (t) => {
  const id = await add(one, '30m');
  await becomes(t, 200);
  for (const { options } of [one, two]) {
    const sections = { ...options.sections, grants: { approval: 'required' } };
    writeConfiguration({ ...options, sections });
  }
  await becomes(t, 403);
  await saysOf(two, id, 'grant_suspended');
  assert.match(await grant(one, 'list'), /waits for approval/);
  await grant(two, 'approve', id, '--by', 'bob');
  await becomes(t, 200);
  for (const { options } of [one, two]) writeConfiguration(options);
  await waitFor('the old terms', async () => {
    const metrics = await two.road.sallyport.metrics();
    return (
      /^sallyport_reload_total\{what="config",result="success"\} 2$/m.test(metrics) || undefined
    );
  });
  await grant(one, 'revoke', id, '--by', 'ann');
  await becomes(t, 403);
});

test('whoever writes to Redis makes no grant count for longer than it may', async (t) => {
  const [long, later] = ['00000001', '00000002'];
  const nowMs = Date.now();
  const hourMs = 3_600_000;
  await put([
    noticeOf(long, '2h', nowMs, nowMs + 2 * hourMs),
    noticeOf(later, '1h', nowMs + 2 * hourMs, nowMs + 3 * hourMs),
  ]);
  for (const replica of [one, two]) await saysOf(replica, long, 'grant_too_long');
  await becomes(t, 403);
  assert.deepEqual(eventsOf(one, later), []);
  const sound = '00000003';
  await put([noticeOf(sound, '1h', nowMs, nowMs + hourMs)]);
  await becomes(t, 200);
  await grant(one, 'revoke', sound, '--by', 'ann');
  await becomes(t, 403);
});

function noticeOf(id: string, lasting: string, postedAtMs: number, expiresAtMs: number) {
  const content: JsonObject = { order: { ...order, for: lasting }, needsApproval: false };
  return { id, content, postedAtMs, expiresAtMs };
}

async function put(notices: readonly object[]): Promise<void> {
  const key = (await redis.command('KEYS', '*@grants')) as readonly string[];
  await redis.command('SET', key[0] ?? '', randomUUID() + JSON.stringify(notices));
}

test('while Redis does not answer no grant counts, and again when it does', async (t) => {
  await add(one, '30m');
  await becomes(t, 200);
  redis.signal('SIGSTOP');
  try {
    await becomes(t, 403);
    assert.equal(await one.road.sallyport.metric('sallyport_grants{state="unknown"}'), 1);
  } finally {
    redis.signal('SIGCONT');
  }
  await becomes(t, 200);
  await redis.kill();
  await becomes(t, 403);
});
