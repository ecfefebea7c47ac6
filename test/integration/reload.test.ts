import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { createApp } from '../../src/app/app.ts';
import { run } from '../../src/cli/run.ts';
import { createCheckClient, type CheckClient } from '../../src/server/check-client.ts';
import type { JsonObject } from '../../src/domain/json.ts';
import { waitFor } from '../e2e/child-process.ts';
import { type Sallyport, startSallyport, writeConfiguration } from '../e2e/sallyport.ts';
import { FakeWorld } from '../unit/cli/fake-context.ts';

const projectRoot = join(import.meta.dirname, '../..');
const example = join(projectRoot, 'bundles/example.tar.gz');
const revisionB = join(projectRoot, 'test/fixtures/bundles/revision-b.tar.gz');
const needsBuiltin = join(projectRoot, 'test/fixtures/bundles/needs-builtin.tar.gz');

const web = 'spiffe://shop.example/ns/shop/sa/web';
const ordersLimit = { name: 'orders', match: { paths: ['/orders'] }, rate: '1/1h', burst: 3 };

let directory: string;
let server: Sallyport;
let client: CheckClient;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'sallyport-reload-'));
  putBundle(example);
  server = await startSallyport(described());
  client = createCheckClient({ kind: 'unix', path: join(directory, 'grpc.sock') });
});

afterEach(async () => {
  client.close();
  await server.process.stop();
  rmSync(directory, { recursive: true });
});

function described(sections: JsonObject = {}, limits: readonly JsonObject[] = [ordersLimit]) {
  const bundle = join(directory, 'bundle.tar.gz');
  return { directory, transport: 'unix', bundle, sections, limits } as const;
}

/** By a rename, as an editor or a deployment does. */
function putBundle(source: string): void {
  copyFileSync(source, join(directory, 'aside'));
  renameSync(join(directory, 'aside'), join(directory, 'bundle.tar.gz'));
}

async function ask(principal = web, path = '/orders', asked = client, host = '') {
  const http = { method: 'GET', path, host, headers: { ':method': 'GET', ':path': path } };
  const request = { attributes: { source: { principal }, request: { http } } };
  const { deniedResponse, dynamicMetadata } = await asked.check(request, { timeoutMs: 5000 });
  return { status: deniedResponse?.status?.code ?? 200, reason: dynamicMetadata?.['reason'] };
}

/** Waits for the server to count `times` reloads of this kind. */
async function reloads(what: string, result: 'success' | 'failure', times = 1): Promise<void> {
  const sample = `sallyport_reload_total{what="${what}",result="${result}"}`;
  await waitFor(
    `${sample} ${times}`,
    async () => ((await server.metric(sample)) === times ? true : undefined),
    { program: server.process },
  );
}

test('a new bundle decides; a bad one is refused by name, and the old one decides on', async () => {
  assert.equal((await ask()).status, 200);
  putBundle(revisionB);
  await reloads('policy', 'success');
  assert.deepEqual(await ask(), { status: 403, reason: 'policy_denied' });

  putBundle(needsBuiltin);
  await reloads('policy', 'failure');
  await server.process.says(/builtin/);
  assert.deepEqual(await ask(), { status: 403, reason: 'policy_denied' });

  putBundle(example);
  await reloads('policy', 'success', 2);
  assert.equal((await ask()).status, 200);
});

test('retuned limits hold at once, and callers keep their place', async () => {
  for (let taken = 0; taken < 3; taken += 1) assert.equal((await ask()).status, 200);
  assert.equal((await ask()).reason, 'rate_limited');

  writeConfiguration(described({}, [{ ...ordersLimit, burst: 4 }]));
  await reloads('limits', 'success');
  assert.equal((await ask()).status, 200);
  assert.equal((await ask()).reason, 'rate_limited');
});

test('a bad limits file is refused at its line, and the old limits hold', async () => {
  writeConfiguration(described({}, [{ ...ordersLimit, rate: 'a lot' }]));
  await reloads('limits', 'failure');
  await server.process.says(/limits\.yaml:\d+: limits\[0\]\.rate/);
  for (let taken = 0; taken < 3; taken += 1) assert.equal((await ask()).status, 200);
  assert.equal((await ask()).reason, 'rate_limited');
});

test('trust domains change while checks are answered', async () => {
  assert.equal((await ask()).status, 200);
  writeConfiguration(described({ identity: { trustDomains: ['other.example'] } }));
  await reloads('config', 'success');
  assert.deepEqual(await ask(), { status: 401, reason: 'unauthenticated' });
});

function accessTo(path: string): string {
  const allow = `[{ name: reads, from: [${web}], paths: ${path} }]`;
  return `version: 1\nservices: [{ name: orders, hosts: [orders.shop], allow: ${allow} }]\n`;
}

test('an access document and a bundle must both allow, and the document reloads by itself', async () => {
  const file = join(directory, 'access.yaml');
  const asked = () => ask(web, '/orders', client, 'orders.shop');
  writeFileSync(file, accessTo('[/nothing]'));
  writeConfiguration(described({ access: file }));
  await reloads('config', 'success');
  assert.deepEqual(await asked(), { status: 403, reason: 'no_rule' });

  writeFileSync(file, accessTo('["/**"]'));
  await reloads('access', 'success');
  assert.equal((await asked()).status, 200);
  // The example's bundle does not allow this.
  assert.equal((await ask(web, '/invoices', client, 'orders.shop')).reason, 'policy_denied');

  writeFileSync(file, accessTo('[nothing]'));
  await reloads('access', 'failure');
  await server.process.says(/access\.yaml:2: services\[0\]\.allow\[0\]\.paths\[0\]/);
  assert.equal((await asked()).status, 200);
});

test('a bad configuration is refused, and the old one serves', async () => {
  writeConfiguration(described({ identity: { trustDomians: ['shop.example'] } }));
  await reloads('config', 'failure');
  await server.process.says(/sallyport\.yaml:\d+: identity\.trustDomians/);
  assert.equal((await ask()).status, 200);
});

test('what a configuration names and is missing may be brought later', async () => {
  const late = join(directory, 'late');
  const bundle = join(late, 'bundle.tar.gz');
  writeConfiguration({ ...described(), bundle });
  await reloads('config', 'failure');
  assert.equal((await ask()).status, 200);

  mkdirSync(late);
  copyFileSync(revisionB, bundle);
  await reloads('config', 'success');
  assert.equal((await ask()).reason, 'policy_denied');
});

test('while a configuration is refused, the files of the one that serves are still read', async () => {
  writeConfiguration({ ...described(), bundle: join(directory, 'missing.tar.gz') });
  await reloads('config', 'failure');
  putBundle(revisionB);
  await reloads('policy', 'success');
  assert.equal((await ask()).reason, 'policy_denied');
});

test('a mask that cannot be is refused with the rest, and nothing of it holds', async () => {
  const audit = { stdout: false, file: { path: join(directory, 'decisions.jsonl') } };
  const identity = { trustDomains: ['other.example'] };
  writeConfiguration(described({ identity, audit: { ...audit, mask: ['/foo/bar'] } }));
  await reloads('config', 'failure');
  await server.process.says(/sallyport\.yaml:\d+: audit\.mask\[0\]/);
  assert.equal(await server.metric('sallyport_reload_total{what="config",result="success"}'), 0);
  assert.equal((await ask()).status, 200);
});

test('a bundle that changes while the configuration is read again is not lost', async () => {
  const roomy = [{ ...ordersLimit, rate: '10000/1h', burst: 10_000 }];
  writeConfiguration(described({}, roomy));
  await reloads('limits', 'success');
  for (const [round, source] of [revisionB, example, revisionB, example].entries()) {
    writeConfiguration(described({ server: { checkTimeout: `${1000 + round}ms` } }, roomy));
    // About when the change is noticed.
    await new Promise((resolve) => setTimeout(resolve, 250 + 100 * round));
    putBundle(source);
    const wanted = source === example ? 200 : 403;
    await waitFor(
      'the new bundle',
      async () => ((await ask()).status === wanted ? true : undefined),
      { program: server.process },
    );
  }
});

test('what only a restart changes is said, and the rest holds at once', async () => {
  const newServer = { address: 'unix:/nowhere/grpc.sock', checkTimeout: '4s' };
  const identity = { trustDomains: ['other.example'] };
  writeConfiguration(described({ server: newServer, identity }));
  await reloads('config', 'success');
  await server.process.says(/need a restart.*server/);
  assert.equal((await ask()).reason, 'unauthenticated');
});

test('a relaxed path is counted as insecure, and is allowed no more once it is gone', async () => {
  const relaxed = 'sallyport_insecure_option{name="ambiguousPaths/semicolon"}';
  assert.equal((await ask(web, '/orders/7;v=1')).reason, 'ambiguous_path');
  writeConfiguration(described({ insecure: { ambiguousPaths: ['semicolon'] } }));
  await reloads('config', 'success');
  assert.equal(await server.metric(relaxed), 1);
  assert.notEqual((await ask(web, '/orders/7;v=1')).reason, 'ambiguous_path');

  writeConfiguration(described());
  await reloads('config', 'success', 2);
  assert.equal(await server.metric(relaxed), 0);
  assert.equal((await ask(web, '/orders/7;v=1')).reason, 'ambiguous_path');
});

test('half a file is not read: the content must have come to rest', async () => {
  const file = join(directory, 'limits.yaml');
  const whole = JSON.stringify({ version: 1, limits: [{ ...ordersLimit, burst: 1 }] });
  for (let length = 0; length < whole.length; length += 20) {
    writeFileSync(file, whole.slice(0, length));
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  writeFileSync(file, whole);
  await reloads('limits', 'success');
  assert.equal(await server.metric('sallyport_reload_total{what="limits",result="failure"}'), 0);
});

test('a configuration that changes just after it was first read is read again', async (t) => {
  const other = mkdtempSync(join(tmpdir(), 'sallyport-gap-'));
  t.after(() => {
    rmSync(other, { recursive: true });
  });
  const options = { ...described(), directory: other };
  writeConfiguration(options);
  const world = new FakeWorld();
  const context = {
    ...world.context,
    createApp: (...[config, source]: Parameters<typeof createApp>) => {
      const identity = { trustDomains: ['other.example'] };
      writeConfiguration({ ...options, sections: { identity } });
      return createApp(config, source);
    },
  };
  const status = run(['serve', '-c', join(other, 'sallyport.yaml')], context);
  await waitFor('it listens', () => /^ *checks /m.test(world.stderr) || undefined);
  const asked = createCheckClient({ kind: 'unix', path: join(other, 'grpc.sock') });
  await waitFor('the change holds', async () =>
    (await ask(web, '/orders', asked)).reason === 'unauthenticated' ? true : undefined,
  );
  asked.close();
  world.signals.emit('SIGTERM');
  assert.equal(await status, 0);
});
