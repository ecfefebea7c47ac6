import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { createOfflineChecker } from '../../src/app/gate/offline-checker.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { type CheckClient, createCheckClient } from '../../src/server/check-client.ts';
import { waitFor } from '../e2e/child-process.ts';
import { type Sallyport, startSallyport, writeConfiguration } from '../e2e/sallyport.ts';
import { createIssuerKey, type IssuerKey, signToken } from '../setup/token-issuer.ts';
import { until } from '../setup/until.ts';
import { WorkloadApi } from '../setup/workload-api.ts';

const web = 'spiffe://shop.example/ns/shop/sa/web';
const partnerWeb = 'spiffe://partner.example/ns/shop/sa/web';
const [first, second, partner] = [
  createIssuerKey('first'),
  createIssuerKey('second'),
  createIssuerKey('partner'),
];

function prepare(t: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-svids-'));
  t.after(() => {
    rmSync(directory, { recursive: true });
  });
  const socketPath = join(directory, 'agent.sock');
  const entry = {
    jwks: { workloadApi: `unix:${socketPath}` },
    trustDomains: ['shop.example', 'partner.example'],
    audiences: ['orders'],
    algorithms: ['ES256'],
  };
  const identity = {
    trustDomains: ['shop.example'],
    federatedTrustDomains: ['partner.example'],
    jwt: [entry],
    require: 'token',
  };
  const described = { directory, transport: 'unix', sections: { identity } } as const;
  return { directory, socketPath, described };
}

async function start(t: TestContext, described: Parameters<typeof startSallyport>[0]) {
  const server = await startSallyport(described);
  t.after(() => server.process.stop());
  const client = createCheckClient({ kind: 'unix', path: join(described.directory, 'grpc.sock') });
  t.after(() => {
    client.close();
  });
  return { server, client };
}

async function listen(t: TestContext, socketPath: string): Promise<WorkloadApi> {
  const agent = await WorkloadApi.listen(socketPath);
  t.after(() => {
    agent.stop();
  });
  return agent;
}

/** As an agent of SPIRE writes it: without `iss` and `jti`. */
function svid(key: IssuerKey, sub: string): string {
  const now = Math.floor(Date.now() / 1000);
  return signToken(key, { aud: ['orders'], sub, iat: now, exp: now + 300 });
}

async function ask(client: Pick<CheckClient, 'check'>, token: string): Promise<unknown> {
  const headers = { authorization: `Bearer ${token}` };
  const http = { method: 'GET', path: '/orders', headers };
  const request = { attributes: { request: { http } } };
  const { dynamicMetadata } = await client.check(request, { timeoutMs: 5000 });
  return dynamicMetadata?.['reason'];
}

function counted(server: Sallyport, result: string, wanted: number): Promise<unknown> {
  const sample = `sallyport_jwks_fetches_total{issuer="spiffe://shop.example",result="${result}"}`;
  const isThere = async (): Promise<true | undefined> =>
    ((await server.metric(sample)) ?? 0) >= wanted || undefined;
  return waitFor(sample, isThere, { program: server.process });
}

test('JWT-SVIDs are believed by the keys that the agent has now', async (t) => {
  const { socketPath, described } = prepare(t);
  const agent = await listen(t, socketPath);
  agent.giveKeys({ 'shop.example': [first], 'partner.example': [partner] });
  const { server, client } = await start(t, described);
  const token = svid(first, web);
  assert.equal(await ask(client, token), 'allowed');
  assert.equal(await ask(client, svid(partner, partnerWeb)), 'policy_denied');
  assert.equal(await ask(client, svid(partner, web)), 'token_invalid');
  assert.equal(await ask(client, svid(first, partnerWeb)), 'token_invalid');

  agent.giveKeys({ 'shop.example': [second] });
  await counted(server, 'success', 2);
  await until('the other key is believed', async () => {
    return (await ask(client, svid(second, web))) === 'allowed';
  });
  assert.equal(await ask(client, token), 'token_invalid');
  assert.equal(await ask(client, svid(partner, partnerWeb)), 'token_invalid');

  agent.stop();
  await counted(server, 'failure', 1);
  assert.equal(await ask(client, svid(second, web)), 'allowed');
});

test('a server starts without an agent, and denies tokens until there is one', async (t) => {
  const { socketPath, described } = prepare(t);
  const { server, client } = await start(t, described);
  await counted(server, 'failure', 1);
  await server.process.says(/the keys of a token issuer cannot be had/);
  assert.equal(await ask(client, svid(first, web)), 'token_invalid');
  const agent = await listen(t, socketPath);
  agent.giveKeys({ 'shop.example': [first] });
  await counted(server, 'success', 1);
  assert.equal(await ask(client, svid(first, web)), 'allowed');
});

test('a question without a server asks the agent too', async (t) => {
  const { directory, socketPath, described } = prepare(t);
  const agent = await listen(t, socketPath);
  agent.giveKeys({ 'shop.example': [first] });
  writeConfiguration(described);
  const loaded = loadConfig(join(directory, 'sallyport.yaml'), {});
  assert.ok('config' in loaded, JSON.stringify(loaded));
  const checker = await createOfflineChecker(loaded.config);
  t.after(() => {
    checker.close();
  });
  assert.equal(await ask(checker, svid(first, web)), 'allowed');
});
