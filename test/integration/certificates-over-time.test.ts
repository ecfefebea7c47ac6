import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { JsonObject } from '../../src/domain/json.ts';
import { createCheckClient } from '../../src/server/check-client.ts';
import {
  type Sallyport,
  type SallyportOptions,
  startSallyport,
  writeConfiguration,
} from '../e2e/sallyport.ts';
import { Authority, type Issued } from '../setup/authority.ts';
import { createIssuerKey, keySetText } from '../setup/token-issuer.ts';
import { until } from '../setup/until.ts';
import { envoyId } from './tls-fixture.ts';

const hourMs = 3_600_000;
const web = 'spiffe://shop.example/ns/shop/sa/web';
const example = join(import.meta.dirname, '../../bundles/example.tar.gz');
const directory = mkdtempSync(join(tmpdir(), 'sallyport-certificates-'));
const authority = new Authority('the authority');

/** A life of a month, of which this is left. */
function withHoursLeft(hours: number, names: string): Issued {
  const endMs = Date.now() + hours * hourMs;
  return authority.issue({ names, from: new Date(endMs - 720 * hourMs), until: new Date(endMs) });
}

const own = withHoursLeft(5, 'URI:spiffe://shop.example/sallyport, DNS:sallyport');
const client = withHoursLeft(60, 'URI:spiffe://shop.example/to-others');
const envoy = authority.issue({ names: `URI:${envoyId}` });
const serverNames = 'DNS:localhost';
const key = createIssuerKey('first');

let others: Server;
let origin: string;
let server: Sallyport;
let posted = 0;

before(async () => {
  others = createServer(contextOf(withHoursLeft(20, serverNames)), answer);
  others.listen(0, '127.0.0.1');
  await once(others, 'listening');
  const address = others.address();
  origin = `https://localhost:${typeof address === 'object' ? address?.port : ''}`;
  server = await startSallyport(described(withServers()));
});

after(async () => {
  await server.process.stop();
  others.close();
  others.closeAllConnections();
  authority.remove();
  rmSync(directory, { recursive: true });
});

function contextOf({ certificate, privateKey }: Issued) {
  return { cert: certificate, key: privateKey };
}

/** Bundles, the keys of an issuer, and who takes the status. */
function answer({ method, url }: IncomingMessage, response: ServerResponse): void {
  if (method === 'POST') posted += 1;
  if (url === '/bundle') response.end(readFileSync(example));
  else if (url === '/keys') response.end(keySetText([key]));
  else response.end();
}

function withServers(): JsonObject {
  const ca = authority.own.certificateFile;
  const tls = { ca, certificate: client.certificateFile, privateKey: client.privateKeyFile };
  const polling = { min: '1s', max: '1s' };
  const decision = 'envoy/authz/allow';
  const jwks = { url: `${origin}/keys`, ca, refresh: '1s', minInterval: '100ms' };
  const issuer = 'https://tokens.shop.example';
  const jwt = [{ issuer, jwks, audiences: ['orders'], algorithms: ['ES256'] }];
  return {
    policy: { bundle: { url: `${origin}/bundle`, polling, ...tls }, decision, ...status() },
    identity: { trustDomains: ['shop.example'], jwt },
  };
}

/** It is read at start only. */
function status(): JsonObject {
  return { status: { url: `${origin}/status`, ca: authority.own.certificateFile } };
}

function described(sections: JsonObject): SallyportOptions {
  const tls = {
    certificate: own.certificateFile,
    privateKey: own.privateKeyFile,
    clientCa: authority.own.certificateFile,
    allowedClients: [envoyId],
  };
  return { directory, transport: 'tcp', sections: { ...sections, server: { tls } } };
}

/** Hours left, by role; of those that are shown. */
async function hoursLeft(): Promise<Readonly<Record<string, number>>> {
  const sample = /^sallyport_certificate_not_after_timestamp_seconds\{role="(\w+)",.*\} (\d+)$/gm;
  const found = (await server.metrics()).matchAll(sample);
  const hours: Record<string, number> = {};
  for (const [, role = '', seconds] of found) {
    hours[role] = Math.ceil((Number(seconds) * 1000 - Date.now()) / hourMs);
  }
  return hours;
}

test('every certificate on our roads is shown with its end', async () => {
  await until('the status was taken', () => posted > 0);
  await until('the keys were had', async () => 'jwks_server' in (await hoursLeft()));
  assert.deepEqual(await hoursLeft(), {
    server: 5,
    client_ca: 48,
    bundle_server: 20,
    bundle_client: 60,
    status_server: 20,
    jwks_server: 20,
  });
});

test('one that a caller’s Envoy forwards is shown, the first to expire', async (t) => {
  assert.ok('socket_address' in server.address);
  const port = server.address.socket_address.port_value;
  const address = { kind: 'tcp', host: '127.0.0.1', port } as const;
  const asked = createCheckClient(address, {
    ca: Buffer.from(authority.own.certificate),
    certificate: Buffer.from(envoy.certificate),
    privateKey: Buffer.from(envoy.privateKey),
    serverName: 'sallyport',
  });
  t.after(() => {
    asked.close();
  });
  const ask = async (principal: string, hours: number): Promise<void> => {
    const certificate = encodeURIComponent(withHoursLeft(hours, `URI:${principal}`).certificate);
    const http = { method: 'GET', path: '/orders', headers: {} };
    const attributes = { source: { principal, certificate }, request: { http } };
    await asked.check({ attributes }, { timeoutMs: 10_000 });
  };
  await ask(web, 30);
  await ask(`${web}-2`, 40);
  assert.equal((await hoursLeft())['caller'], 30);
  await ask(web, 100);
  assert.equal((await hoursLeft())['caller'], 40);
});

test('those near their end are counted and told of, each once', async () => {
  const expiring = (role: string, within: string): Promise<number> =>
    server.metric(`sallyport_certificate_expiring_total{role="${role}",within="${within}"}`);
  assert.deepEqual([await expiring('server', '6h'), await expiring('server', '24h')], [1, 0]);
  await server.process.says(/a certificate expires within 6h.*spiffe:\/\/shop\.example\/sallyport/);
  assert.equal(server.process.stderr().match(/expires within 6h/g)?.length, 1);
});

test('what a server has renewed is seen at the next request', async () => {
  others.setSecureContext(contextOf(withHoursLeft(200, serverNames)));
  await until('both are seen', async () => {
    const { bundle_server: bundle, jwks_server: jwks } = await hoursLeft();
    return bundle === 200 && jwks === 200;
  });
});

test('what a new configuration no longer needs is shown no more', async () => {
  writeConfiguration(described({}));
  await until('they are gone', async () => {
    const roles = Object.keys(await hoursLeft());
    return !roles.some((role) => role.startsWith('bundle') || role.startsWith('jwks'));
  });
  assert.equal((await hoursLeft())['server'], 5);
});
