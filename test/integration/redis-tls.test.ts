import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { RedisTls } from '../../src/shared-state/redis-settings.ts';
import { type Certificate, createCertificateAuthority } from '../e2e/certificates.ts';
import { freePort } from '../setup/free-port.ts';
import { RedisServer } from '../setup/redis-server.ts';
import { redisSettings } from '../setup/redis-settings.ts';
import { until } from '../setup/until.ts';
import { ask, chargeFor, openConnection } from './redis-connection.ts';

const directory = mkdtempSync(join(tmpdir(), 'sallyport-redis-tls-'));
const authority = createCertificateAuthority(directory);
const own = authority.issue('redis', 'DNS:limits.example');
const client = authority.issue('sallyport', 'DNS:sallyport');
const renewed = authority.issue('renewed', 'DNS:sallyport');

const port = await freePort();
const listen = ['--bind', '127.0.0.1', '--tls-port', String(port)];
const trust = ['--tls-ca-cert-file', authority.certificate];
const identity = ['--tls-cert-file', own.certificate, '--tls-key-file', own.privateKey];
const server = await new RedisServer([...listen, ...trust, ...identity]).start();

after(async () => {
  await server.remove();
  rmSync(directory, { recursive: true, force: true });
});

function settingsWith(tls: RedisTls) {
  return redisSettings({ kind: 'standalone', url: `rediss://127.0.0.1:${port}` }, { tls });
}

const serverName = 'limits.example';
const ca = readFileSync(authority.certificate, 'utf8');

function pem({ certificate, privateKey }: Certificate): RedisTls {
  return {
    certificate: readFileSync(certificate, 'utf8'),
    privateKey: readFileSync(privateKey, 'utf8'),
  };
}

test('mutual TLS, and a certificate that is renewed while it serves', async (t) => {
  const opened = openConnection(t, settingsWith({ ca, serverName, ...pem(client) }));
  await until('Redis is up', () => opened.connection.isUp());
  assert.equal(await ask(opened, chargeFor('a', 1)), true);
  opened.connection.renew(settingsWith({ ca, serverName, ...pem(renewed) }));
  assert.match(await connectedClients(), /connected_clients/);
  await until('the new connection serves alone', async () => {
    assert.equal(typeof (await ask(opened, chargeFor('b', 1))), 'boolean', 'no request is lost');
    return /connected_clients:2\b/.test(await connectedClients());
  });
  assert.deepEqual([opened.lost, opened.renewalsFailed], [[], []]);
});

async function connectedClients(): Promise<string> {
  return String(await server.command('INFO', 'clients'));
}

const refusals: readonly [what: string, tls: RedisTls, cause: RegExp][] = [
  ['an authority that is not ours', { serverName, ...pem(client) }, /self-signed|unable to/],
  ['another name in the certificate', { ca, ...pem(client) }, /IP: 127.0.0.1 is not in the cert/],
  ['no certificate of our own', { ca, serverName }, /certificate required|ECONNRESET|EPIPE|closed/],
];

for (const [what, tls, cause] of refusals) {
  test(`${what} is refused, and nothing is asked`, async (t) => {
    const opened = openConnection(t, settingsWith(tls));
    await until('it is told', () => opened.lost.length > 0);
    assert.match(opened.lost[0] ?? '', cause);
    assert.equal(await ask(opened, chargeFor('a', 1)), 'Redis is not connected');
  });
}
