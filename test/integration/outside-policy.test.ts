import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { JsonObject } from '../../src/domain/json.ts';
import { type CheckClient, createCheckClient } from '../../src/server/check-client.ts';
import { type Sallyport, startSallyport } from '../e2e/sallyport.ts';

const bundle = join(import.meta.dirname, '../fixtures/bundles/asks-outside.tar.gz');
const directory = mkdtempSync(join(tmpdir(), 'sallyport-outside-'));

const asked: string[] = [];
const server = createServer(({ url = '' }, response) => {
  asked.push(url);
  if (url === '/never') return;
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ allowed: url === '/yes' }));
});

let port: number;
let sallyport: Sallyport;
let client: CheckClient;

before(async () => {
  port = await listen(server);
  const outside = { hosts: [`127.0.0.1:${port}`], timeout: '10s' };
  // The margin is for the way back, on a machine that other tests keep busy.
  const times = { deadlineMargin: '500ms' };
  sallyport = await start({ server: times, policy: { bundle, outside } });
  client = createCheckClient({ kind: 'unix', path: join(directory, 'grpc.sock') });
});

after(async () => {
  client.close();
  await sallyport.process.stop();
  server.closeAllConnections();
  server.close();
  rmSync(directory, { recursive: true });
});

async function listen(listener: Server): Promise<number> {
  await once(listener.listen(0, '127.0.0.1'), 'listening');
  const address = listener.address();
  assert.ok(typeof address === 'object' && address !== null);
  return address.port;
}

function start(sections: JsonObject): Promise<Sallyport> {
  return startSallyport({ directory, transport: 'unix', sections });
}

async function reasonWhenAsking(url: string, timeoutMs = 5000) {
  const principal = 'spiffe://shop.example/ns/shop/sa/web';
  const headers = { ':method': 'GET', ':path': '/', 'x-ask': url };
  const http = { method: 'GET', path: '/', headers };
  const attributes = { source: { principal }, request: { http } };
  const { dynamicMetadata } = await client.check({ attributes }, { timeoutMs });
  return dynamicMetadata?.['reason'];
}

test('what another server answers decides', async () => {
  assert.equal(await reasonWhenAsking(`http://127.0.0.1:${port}/yes`), 'allowed');
  assert.equal(await reasonWhenAsking(`http://127.0.0.1:${port}/no`), 'policy_denied');
  assert.deepEqual(asked, ['/yes', '/no']);
});

test('checks that wait for other servers do not hold up each other', async () => {
  const waiting = reasonWhenAsking(`http://127.0.0.1:${port}/never`, 2000);
  assert.equal(await reasonWhenAsking(`http://127.0.0.1:${port}/yes`), 'allowed');
  assert.equal(await waiting, 'deadline_exceeded');
});

test('an answer that is not there in time is a denial, within the time', async () => {
  const timeoutMs = 1000;
  const startedMs = performance.now();
  assert.equal(
    await reasonWhenAsking(`http://127.0.0.1:${port}/never`, timeoutMs),
    'deadline_exceeded',
  );
  assert.ok(performance.now() - startedMs < timeoutMs);
});

test('a host that is not named is never asked', async (t) => {
  const other = createServer(() => assert.fail('the server was asked'));
  const otherPort = await listen(other);
  t.after(() => other.close());
  for (const host of ['127.0.0.1', 'localhost', '[::ffff:127.0.0.1]']) {
    assert.equal(await reasonWhenAsking(`http://${host}:${otherPort}/yes`), 'policy_denied');
  }
});
