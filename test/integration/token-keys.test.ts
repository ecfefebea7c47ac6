import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { loadConfig } from '../../src/config/load-config.ts';
import { createOfflineChecker } from '../../src/app/gate/offline-checker.ts';
import { inspectConfiguration } from '../../src/app/gate/inspect-configuration.ts';
import type { JsonObject } from '../../src/domain/json.ts';
import { type CheckClient, createCheckClient } from '../../src/server/check-client.ts';
import { waitFor } from '../e2e/child-process.ts';
import { type Sallyport, startSallyport, writeConfiguration } from '../e2e/sallyport.ts';
import { KeyServer } from '../setup/key-server.ts';
import { createIssuerKey, keySetText, signToken } from '../setup/token-issuer.ts';

const web = 'spiffe://shop.example/ns/shop/sa/web';
const issuer = 'https://tokens.shop.example';
const [firstKey, secondKey] = [createIssuerKey('first'), createIssuerKey('second')];

let directory: string;
let keyFile: string;
const ended: (() => unknown)[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'sallyport-keys-'));
  keyFile = join(directory, 'keys.json');
  writeFileSync(keyFile, keySetText([firstKey]));
});

afterEach(async () => {
  for (const end of ended.splice(0).toReversed()) await end();
  rmSync(directory, { recursive: true });
});

function described(jwks: JsonObject = { file: keyFile }) {
  const jwt = [{ issuer, jwks, audiences: ['orders'], algorithms: ['ES256'] }];
  const identity = { trustDomains: ['shop.example'], jwt };
  return { directory, transport: 'unix', sections: { identity } } as const;
}

async function start(jwks?: JsonObject): Promise<{ server: Sallyport; client: CheckClient }> {
  const server = await startSallyport(described(jwks));
  ended.push(() => server.process.stop());
  const client = createCheckClient({ kind: 'unix', path: join(directory, 'grpc.sock') });
  ended.push(() => client.close());
  return { server, client };
}

function ask(client: CheckClient, key: typeof firstKey): Promise<unknown> {
  return show(client, newToken(key));
}

function newToken(key: typeof firstKey): string {
  const now = Math.floor(Date.now() / 1000);
  return signToken(key, { iss: issuer, sub: 'x', aud: 'orders', iat: now, exp: now + 60 });
}

async function show(client: CheckClient, token: string): Promise<unknown> {
  const authorization = `Bearer ${token}`;
  const http = { method: 'GET', path: '/orders', headers: { authorization } };
  const request = { attributes: { source: { principal: web }, request: { http } } };
  const { dynamicMetadata } = await client.check(request, { timeoutMs: 5000 });
  return dynamicMetadata?.['reason'];
}

async function reloads(server: Sallyport, what: string, result: string): Promise<void> {
  const sample = `sallyport_reload_total{what="${what}",result="${result}"}`;
  await waitFor(sample, async () => (await server.metric(sample)) === 1 || undefined, {
    program: server.process,
  });
}

test('keys in a file are believed as they are; a bad file is refused, and the old keys hold', async () => {
  const { server, client } = await start();
  assert.equal(await ask(client, firstKey), 'allowed');
  assert.equal(await ask(client, secondKey), 'token_invalid');

  writeFileSync(keyFile, keySetText([secondKey]));
  await reloads(server, 'identity', 'success');
  assert.equal(await ask(client, firstKey), 'token_invalid');
  assert.equal(await ask(client, secondKey), 'allowed');

  writeFileSync(keyFile, '{"keys":[]}');
  await reloads(server, 'identity', 'failure');
  await server.process.says(/keys\.json: has no key with a kid for ES256/);
  assert.equal(await ask(client, secondKey), 'allowed');
});

test('another configuration remembers tokens where nothing changes for callers', async () => {
  const { server, client } = await start();
  const token = newToken(firstKey);
  assert.equal(await show(client, token), 'allowed');
  const other = { name: 'other', match: { paths: ['/other'] }, rate: '1/1s' };
  writeConfiguration({ ...described(), limits: [other] });
  await reloads(server, 'config', 'success');
  assert.equal(await show(client, token), 'allowed');
  const remembered = `sallyport_tokens_total{issuer="${issuer}",result="remembered"}`;
  assert.equal(await server.metric(remembered), 1);
});

test('another configuration asks another server, and the one before no more', async () => {
  const [before, after] = [await startedServer(firstKey), await startedServer(secondKey)];
  const times = { refresh: '1s', minInterval: '100ms' };
  const { server, client } = await start({ url: before.url, ...times });
  await waitFor('keys', async () => (await ask(client, firstKey)) === 'allowed' || undefined);
  writeConfiguration(described({ url: after.url, ...times }));
  await reloads(server, 'config', 'success');
  await waitFor('keys', async () => (await ask(client, secondKey)) === 'allowed' || undefined);
  assert.equal(await ask(client, firstKey), 'token_invalid');
  const asked = before.requests;
  const askedAfter = after.requests;
  await waitFor('more requests', () => after.requests > askedAfter + 1 || undefined);
  assert.ok(before.requests <= asked + 1);
});

async function problemsWith(jwks: JsonObject): Promise<string[]> {
  writeConfiguration(described(jwks));
  const loaded = loadConfig(join(directory, 'sallyport.yaml'), {});
  assert.ok('config' in loaded);
  return (await inspectConfiguration(loaded.config)).map(({ message }) => message);
}

test('a configuration whose keys cannot be read is a problem; a server of keys is not asked', async () => {
  const server = await startedServer(firstKey);
  assert.deepEqual(await problemsWith({ file: 'gone.json' }), [
    'cannot be read: there is no such file',
  ]);
  writeFileSync(keyFile, 'x');
  const [problem = ''] = await problemsWith({ file: keyFile });
  assert.match(problem, /is no JWK set/);
  assert.deepEqual(await problemsWith({ url: server.url }), []);
  assert.equal(server.requests, 0);
});

test('what decides without a server asks the issuer for its keys', async () => {
  const server = await startedServer(firstKey);
  writeConfiguration(described({ url: server.url }));
  const loaded = loadConfig(join(directory, 'sallyport.yaml'), {});
  assert.ok('config' in loaded);
  const checker = await createOfflineChecker(loaded.config);
  ended.push(() => checker.close());
  assert.equal(await ask(checker, firstKey), 'allowed');
  assert.equal(await ask(checker, secondKey), 'token_invalid');
});

async function startedServer(key: typeof firstKey): Promise<KeyServer> {
  const server = await new KeyServer().start();
  ended.push(() => server.stop());
  server.publish(key);
  return server;
}
