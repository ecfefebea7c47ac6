import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import type { ClientHttp2Session } from 'node:http2';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test, type TestContext } from 'node:test';
import { type CheckClient, createCheckClient } from '../../src/server/check-client.ts';
import type { ListenAddress } from '../../src/domain/listen-address.ts';
import {
  type Sallyport,
  type SallyportOptions,
  startSallyport,
  writeConfiguration,
} from '../e2e/sallyport.ts';
import { Authority, type Issued } from '../setup/authority.ts';
import { MountedVolume } from '../setup/mounted-volume.ts';
import { createIssuerKey, keySetText, signToken } from '../setup/token-issuer.ts';
import { until } from '../setup/until.ts';
import { openCheck } from './server-client-fixture.ts';
import { checkRequest } from './server-fixture.ts';
import { envoyId, shown, tlsConnection, tlsSession } from './tls-fixture.ts';

const web = 'spiffe://shop.example/ns/shop/sa/web';
const issuer = 'https://tokens.shop.example';
const [oldKey, newKey] = [createIssuerKey('old'), createIssuerKey('new')];
const [oldToken, newToken] = ['an-old-admin-token-for-tests', 'a-new-admin-token-for-tests'];

const directory = mkdtempSync(join(tmpdir(), 'sallyport-mounted-'));
const [authority, renewedAuthority] = [new Authority('first'), new Authority('second')];
const envoy = authority.issue({ names: `URI:${envoyId}` });
let current = issueOwn();

const secrets = new MountedVolume(secretsWith(current));
const documents = new MountedVolume(documentsWith('/orders', '/nothing'));
const keys = new MountedVolume({ 'keys.json': keySetText([oldKey]), token: `${oldToken}\n` });

let server: Sallyport;
let address: ListenAddress;
let client: CheckClient;

before(async () => {
  server = await startSallyport(described([envoyId]));
  assert.ok('socket_address' in server.address);
  const port = server.address.socket_address.port_value;
  address = { kind: 'tcp', host: '127.0.0.1', port };
  client = createCheckClient(address, {
    ca: Buffer.from(authority.own.certificate),
    certificate: Buffer.from(envoy.certificate),
    privateKey: Buffer.from(envoy.privateKey),
    serverName: 'sallyport',
  });
});

function described(allowedClients: readonly string[]): SallyportOptions {
  const tls = {
    certificate: secrets.path('tls.crt'),
    privateKey: secrets.path('tls.key'),
    clientCa: secrets.path('ca.crt'),
  };
  const jwt = { issuer, jwks: { file: keys.path('keys.json') }, audiences: ['orders'] };
  const sections = {
    server: { tls: { ...tls, allowedClients } },
    admin: { address: `unix:${join(directory, 'admin.sock')}`, tokenFile: keys.path('token') },
    identity: {
      trustDomains: ['shop.example'],
      jwt: [{ ...jwt, algorithms: ['ES256'], trustDomains: ['shop.example'] }],
    },
    access: documents.path('access.yaml'),
    limits: documents.path('limits.yaml'),
  };
  return { directory, transport: 'tcp', sections };
}

function configure(allowedClients: readonly string[]): void {
  writeConfiguration(described(allowedClients));
}

after(async () => {
  client.close();
  await server.process.stop();
  for (const each of [authority, renewedAuthority, secrets, documents, keys]) each.remove();
  rmSync(directory, { recursive: true });
});

/** Known by the second name. */
function issueOwn(): Issued & { readonly name: string } {
  const name = `generation-${Math.random().toString(36).slice(2)}`;
  return { ...authority.issue({ names: `DNS:sallyport, DNS:${name}` }), name };
}

function secretsWith(own: Issued, authorities: readonly Authority[] = [authority]) {
  return {
    'tls.crt': own.certificate,
    'tls.key': own.privateKey,
    'ca.crt': authorities.map((each) => each.own.certificate).join(''),
  };
}

function documentsWith(path: string, limited: string) {
  const allow = [{ name: 'reads', from: [web], paths: [path] }];
  const services = [{ name: 'orders', hosts: ['orders.shop'], allow }];
  const limits = [{ name: 'once', match: { paths: [limited] }, rate: '1/1h', burst: 1 }];
  return {
    'access.yaml': JSON.stringify({ version: 1, services }),
    'limits.yaml': JSON.stringify({ version: 1, limits }),
  };
}

/** What a command with this token is answered; there is no such bundle. */
function rollBackWith(token: string): Promise<number | undefined> {
  const headers = { authorization: `Bearer ${token}` };
  const path = '/v1/bundles/none/rollback';
  const socketPath = join(directory, 'admin.sock');
  return new Promise((resolve, reject) => {
    request({ socketPath, path, method: 'POST', headers }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });
}

async function ask(headers: Readonly<Record<string, string>> = {}): Promise<unknown> {
  const http = { method: 'GET', path: '/orders', host: 'orders.shop', headers };
  const attributes = { source: { principal: web }, request: { http } };
  const { dynamicMetadata } = await client.check({ attributes }, { timeoutMs: 10_000 });
  return dynamicMetadata?.['reason'];
}

/** A connection that must outlast a test; what the server shows on it was there before. */
async function lastingConnection(t: TestContext): Promise<() => Promise<void>> {
  const session = await tlsSession(t, address, shown(envoy));
  let isAskedToLeave = false;
  session.on('goaway', () => (isAskedToLeave = true));
  return async () => {
    assert.equal(await statusOn(session), 200);
    assert.equal(isAskedToLeave, false);
  };
}

async function statusOn(session: ClientHttp2Session): Promise<unknown> {
  const stream = openCheck(session, checkRequest());
  const signal = AbortSignal.timeout(10_000);
  const [headers] = (await once(stream, 'response', { signal })) as [Record<string, unknown>];
  return headers[':status'];
}

/** The names of what a new connection is shown. */
async function shownNames(t: TestContext): Promise<string> {
  const socket = tlsConnection(t, address, shown(envoy));
  await once(socket, 'secureConnect', { signal: AbortSignal.timeout(10_000) });
  const { subjectaltname = '' } = socket.getPeerCertificate();
  socket.destroy();
  return subjectaltname;
}

const failures = (): Promise<number> =>
  server.metric('sallyport_reload_total{what="certificate",result="failure"}');

/** `replace` brings the certificate of a new generation; who comes is then shown that, and no half. */
async function rotates(
  t: TestContext,
  replace: (own: Issued) => Promise<void> | void,
): Promise<void> {
  const stillServes = await lastingConnection(t);
  const failed = await failures();
  current = issueOwn();
  await replace(current);
  await until('the new one is shown', async () => (await shownNames(t)).includes(current.name));
  await stillServes();
  assert.equal(await failures(), failed);
  assert.doesNotMatch(server.process.stderr(), /certificate not/);
}

function overwrite(name: string, text: string): void {
  writeFileSync(secrets.path(name), text);
}

test('a Secret that the kubelet swaps is taken over whole, and no connection is dropped', async (t) => {
  await rotates(t, (own) => {
    secrets.replace(secretsWith(own));
  });
});

test('so is one that is swapped twice in a row', async (t) => {
  await rotates(t, (own) => {
    secrets.replace(secretsWith(issueOwn()));
    secrets.replace(secretsWith(own));
  });
});

test('authorities that are swapped hold, and only the client of a removed one has to leave', async (t) => {
  const stays = await lastingConnection(t);
  secrets.replace(secretsWith(current, [authority, renewedAuthority]));
  const renewed = shown(renewedAuthority.issue({ names: `URI:${envoyId}` }));
  const entered = async (): Promise<ClientHttp2Session | undefined> =>
    tlsSession(t, address, renewed).catch(() => undefined);
  let late: ClientHttp2Session | undefined;
  await until('the second authority vouches', async () => (late = await entered()) !== undefined);
  assert.ok(late);
  await stays();
  const askedToLeave = once(late, 'goaway', { signal: AbortSignal.timeout(20_000) });
  secrets.replace(secretsWith(current));
  await askedToLeave;
  await stays();
  assert.equal(await entered(), undefined);
});

test('a client that is taken off the list is asked to leave, and may not come again', async (t) => {
  const other = 'spiffe://shop.example/ns/ingress/sa/other';
  const otherClient = shown(authority.issue({ names: `URI:${other}` }));
  const stays = await lastingConnection(t);
  const entered = async (): Promise<ClientHttp2Session | undefined> =>
    tlsSession(t, address, otherClient).catch(() => undefined);
  let session: ClientHttp2Session | undefined;
  configure([envoyId, other]);
  await until('it may come in', async () => (session = await entered()) !== undefined);
  assert.ok(session);
  const closed = once(session, 'close', { signal: AbortSignal.timeout(20_000) });
  configure([envoyId]);
  await closed;
  await stays();
  assert.equal(await entered(), undefined);
  const refused =
    'sallyport_tls_handshake_failures_total{source="127.0.0.0/24",cause="not_allowed"}';
  assert.ok((await server.metric(refused)) > 0);
});

test('an access document and limits that the kubelet swaps hold', async (t) => {
  const stillServes = await lastingConnection(t);
  assert.equal(await ask(), 'allowed');
  documents.replace(documentsWith('/nothing', '/nothing'));
  await until('the rule is gone', async () => (await ask()) === 'no_rule');
  documents.replace(documentsWith('/orders', '/orders'));
  await until('the limit holds', async () => (await ask()) === 'rate_limited');
  documents.replace(documentsWith('/orders', '/nothing'));
  await until('it is lifted', async () => (await ask()) === 'allowed');
  await stillServes();
});

test('the keys of an issuer and the admin token that the kubelet swaps hold', async () => {
  const iat = Math.floor(Date.now() / 1000);
  const claims = { iss: issuer, sub: web, aud: 'orders', iat, exp: iat + 120 };
  const reasonWith = (key: typeof oldKey) =>
    ask({ authorization: `Bearer ${signToken(key, claims)}` });
  assert.equal(await reasonWith(oldKey), 'allowed');
  assert.equal(await reasonWith(newKey), 'token_invalid');
  assert.deepEqual([await rollBackWith(oldToken), await rollBackWith(newToken)], [404, 401]);
  keys.replace({ 'keys.json': keySetText([newKey]), token: newToken });
  assert.deepEqual([await rollBackWith(oldToken), await rollBackWith(newToken)], [401, 404]);
  await until('the new key verifies', async () => (await reasonWith(newKey)) === 'allowed');
  assert.equal(await reasonWith(oldKey), 'token_invalid');
});

test('files that are overwritten in place are taken over', async (t) => {
  await rotates(t, ({ certificate, privateKey }) => {
    overwrite('tls.crt', certificate);
    overwrite('tls.key', privateKey);
  });
});

test('a certificate that is there a second before its key waits for it, and nobody is woken', async (t) => {
  await rotates(t, async ({ certificate, privateKey }) => {
    overwrite('tls.crt', certificate);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    assert.doesNotMatch(await shownNames(t), new RegExp(current.name));
    overwrite('tls.key', privateKey);
  });
});

test('files that are written aside and renamed are taken over', async (t) => {
  await rotates(t, ({ certificate, privateKey }) => {
    for (const [name, text] of [
      ['tls.key', privateKey],
      ['tls.crt', certificate],
    ] as const) {
      writeFileSync(secrets.path('aside'), text);
      renameSync(secrets.path('aside'), secrets.path(name));
    }
  });
});

test('a key that never comes is told of, once, and the old pair serves until it is mended', async (t) => {
  const { name } = current;
  const failed = await failures();
  overwrite('tls.crt', issueOwn().certificate);
  await until('it is told', async () => (await failures()) > failed);
  await server.process.says(/tls\.key.*is not the key of the certificate/);
  assert.match(await shownNames(t), new RegExp(name));
  current = issueOwn();
  overwrite('tls.crt', current.certificate);
  overwrite('tls.key', current.privateKey);
  await until('the new one is shown', async () => (await shownNames(t)).includes(current.name));
  assert.equal(await failures(), failed + 1);
});
