import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test, type TestContext } from 'node:test';
import type { TlsMaterial } from '../../src/server/tls/credentials.ts';
import { readCredentials } from '../../src/server/tls/credentials.ts';
import { createWorkloadApiClient } from '../../src/server/workload-api/workload-api-client.ts';
import { startSallyport } from '../e2e/sallyport.ts';
import { Authority } from '../setup/authority.ts';
import { until } from '../setup/until.ts';
import { WorkloadApi } from '../setup/workload-api.ts';
import { shown, tlsConnection, tlsSession } from './tls-fixture.ts';

const id = 'spiffe://shop.example/sallyport';
const [authority, partner] = [new Authority(), new Authority()];
after(() => {
  for (const each of [authority, partner]) each.remove();
});

async function startAgent(t: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-agent-'));
  const socketPath = join(directory, 'agent.sock');
  const agent = await WorkloadApi.listen(socketPath);
  const faults: string[] = [];
  const client = createWorkloadApiClient({
    socketPath,
    firstDelayMs: 20,
    onFault: (where, fault) => faults.push(`${where}: ${String(fault)}`),
  });
  const materials: TlsMaterial[] = [];
  client.watchX509((material) => materials.push(material));
  t.after(() => {
    client.close();
    agent.stop();
    rmSync(directory, { recursive: true, force: true });
  });
  return { agent, client, materials, faults, socketPath };
}

test('the agent gives a certificate, and the authorities of each trust domain', async (t) => {
  const { agent, materials } = await startAgent(t);
  agent.give(id, authority.issue({ names: `URI:${id}` }), authority, {
    'partner.example': partner,
  });
  await until('it is given', () => materials.length === 1);
  const [material] = materials;
  assert.ok(material);
  const read = readCredentials(material, Date.now());
  assert.ok('value' in read, JSON.stringify(read));
  assert.deepEqual(
    read.value.anchors.map(({ trustDomain }) => trustDomain),
    ['shop.example', 'partner.example'],
  );
  assert.equal(agent.withoutHeader, 0);
});

test('what is renewed comes by itself', async (t) => {
  const { agent, materials } = await startAgent(t);
  agent.give(id, authority.issue({ names: `URI:${id}` }), authority);
  await until('it is given', () => materials.length === 1);
  agent.give(id, authority.issue({ names: `URI:${id}` }), authority);
  await until('the renewed one is given', () => materials.length === 2);
  assert.notEqual(materials[0]?.certificate, materials[1]?.certificate);
});

test('an agent that goes away is asked again when it is back', async (t) => {
  const { agent, materials, faults, socketPath } = await startAgent(t);
  agent.give(id, authority.issue({ names: `URI:${id}` }), authority);
  await until('it is given', () => materials.length === 1);
  agent.stop();
  await until('the end is told', () => faults.length > 0);
  rmSync(socketPath, { force: true });
  const again = await WorkloadApi.listen(socketPath);
  t.after(() => {
    again.stop();
  });
  again.give(id, authority.issue({ names: `URI:${id}` }), authority);
  await until('it is given again', () => materials.length === 2);
});

test('the keys of JWT-SVIDs come by trust domain', async (t) => {
  const { agent, client } = await startAgent(t);
  agent.giveKeys({ 'shop.example': [] });
  const given: ReadonlyMap<string, string>[] = [];
  client.watchJwtBundles((bundles) => given.push(bundles));
  await until('they are given', () => given.length === 1);
  assert.deepEqual([...(given[0] ?? [])], [['shop.example', '{"keys":[]}']]);
});

async function startServer(t: TestContext, socketPath: string, allowedClients: readonly string[]) {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-workload-'));
  const tls = { workloadApi: `unix:${socketPath}`, allowedClients };
  const server = await startSallyport({
    directory,
    transport: 'tcp',
    sections: { server: { tls } },
  });
  t.after(async () => {
    await server.process.stop();
    rmSync(directory, { recursive: true, force: true });
  });
  assert.ok('socket_address' in server.address);
  const { port_value: port } = server.address.socket_address;
  return { kind: 'tcp', host: '127.0.0.1', port } as const;
}

test('a server shows what the agent gives, also what is renewed', async (t) => {
  const { agent, socketPath } = await startAgent(t);
  const envoyId = 'spiffe://shop.example/envoy';
  agent.give(id, authority.issue({ names: `URI:${id}` }), authority);
  const address = await startServer(t, socketPath, [envoyId]);
  const shows = async (): Promise<string> => {
    const socket = tlsConnection(t, address, shown(authority.issue({ names: `URI:${envoyId}` })));
    await once(socket, 'secureConnect');
    return socket.getPeerCertificate().fingerprint256;
  };
  const before = await shows();
  const renewed = authority.issue({ names: `URI:${id}` });
  agent.give(id, renewed, authority);
  const wanted = new X509Certificate(renewed.certificate).fingerprint256;
  assert.notEqual(before, wanted);
  await until('the renewed one is shown', async () => (await shows()) === wanted);
});

test('a partner whose bundle cannot serve keeps nobody from what is renewed', async (t) => {
  const { agent, materials, faults } = await startAgent(t);
  const leaf = partner.issue({ names: 'URI:spiffe://partner.example/x' });
  agent.give(id, authority.issue({ names: `URI:${id}` }), authority, {
    'empty.example': Buffer.alloc(0),
    'garbage.example': Buffer.from('garbage'),
    'leaf.example': new X509Certificate(leaf.certificate).raw,
    'partner.example': partner,
  });
  await until('it is given', () => materials.length + faults.length === 1);
  const [material] = materials;
  assert.ok(material, faults[0]);
  const read = readCredentials(material, Date.now());
  assert.ok('value' in read, JSON.stringify(read));
  assert.deepEqual(
    read.value.anchors.map(({ trustDomain }) => trustDomain),
    ['shop.example', 'partner.example'],
  );
  assert.deepEqual(
    read.value.leftOut.map((why) => /bundle of (\S+) holds/.exec(why)?.[1]),
    ['empty.example', 'garbage.example', 'leaf.example'],
  );
});

test('authorities of SPIRE below an upstream one let in the clients of their own domain', async (t) => {
  const { agent, socketPath } = await startAgent(t);
  const ids = ['spiffe://shop.example/envoy', 'spiffe://partner.example/envoy'] as const;
  // As SPIRE's subjects are for all of its authorities but for a number.
  const [low, partnerLow] = [new Authority('low', authority), new Authority('low', partner)];
  t.after(() => {
    for (const each of [low, partnerLow]) each.remove();
  });
  const federated = { 'partner.example': partner };
  agent.give(id, low.issue({ names: `URI:${id}` }), authority, federated, [low.own]);
  const address = await startServer(t, socketPath, ids);
  const connect = (issuer: Authority, name: string) => {
    const { certificate, privateKey } = issuer.issue({ names: `URI:${name}` });
    const cert = certificate + issuer.own.certificate;
    const ca = authority.own.certificate;
    const options = { cert, key: privateKey, ca, rejectUnauthorized: true, checkServerIdentity };
    return tlsSession(t, address, options);
  };
  await connect(low, ids[0]);
  await connect(partnerLow, ids[1]);
  await assert.rejects(connect(low, ids[1]));
  await assert.rejects(connect(partnerLow, ids[0]));
});

/** Whoever it is, its chain was verified. */
function checkServerIdentity(): undefined {}
