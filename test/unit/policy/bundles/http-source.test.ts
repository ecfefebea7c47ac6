import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { createServer, type Server } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import type {
  ClientTlsSettings,
  HttpSourceSettings,
} from '../../../../src/domain/bundle-settings.ts';
import { systemClock } from '../../../../src/domain/clock.ts';
import { createHttpSource } from '../../../../src/policy/bundles/sources/http-source.ts';
import { delayMs } from '../../../../src/policy/bundles/sources/poller.ts';
import {
  type Certificate,
  type CertificateAuthority,
  createCertificateAuthority,
} from '../../../e2e/certificates.ts';
import { switchProtocols } from '../../../setup/switch-protocols.ts';

let directory: string;
let authority: CertificateAuthority;
let serverCertificate: Certificate;
let clientCertificate: Certificate;
let server: Server | undefined;

before(() => {
  directory = mkdtempSync(join(tmpdir(), 'sallyport-tls-'));
  authority = createCertificateAuthority(directory);
  serverCertificate = authority.issue('server', 'IP:127.0.0.1');
  clientCertificate = authority.issue('client', 'DNS:client');
});

afterEach(async () => {
  if (server === undefined) return;
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
});

after(() => {
  rmSync(directory, { recursive: true });
});

async function listen(answer: RequestListener): Promise<string> {
  server = createServer(
    {
      cert: readFileSync(serverCertificate.certificate),
      key: readFileSync(serverCertificate.privateKey),
      ca: readFileSync(authority.certificate),
      requestCert: true,
      rejectUnauthorized: false,
    },
    answer,
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return `https://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/`;
}

function fetchFrom(url: string, tls: ClientTlsSettings, more: Partial<HttpSourceSettings> = {}) {
  const settings: HttpSourceSettings = {
    kind: 'http',
    url,
    headers: {},
    tls,
    polling: { minDelayMs: 10, maxDelayMs: 20 },
    responseTimeoutMs: 2000,
    downloadTimeoutMs: 2000,
    ...more,
  };
  const source = createHttpSource(settings, 1000, systemClock);
  return source.fetch(undefined, new AbortController().signal);
}

test('a server is asked with a certificate, and must have one of the configured authority', async () => {
  const names: unknown[] = [];
  const url = await listen((request, response) => {
    names.push((request.socket as TLSSocket).getPeerCertificate().subject?.CN);
    response.end('x');
  });
  const ca = authority.certificate;
  const fetched = await fetchFrom(url, { ca, ...clientCertificate });
  assert.equal(fetched.outcome, 'fetched');
  await fetchFrom(url, { ca });
  assert.deepEqual(names, ['client', undefined]);
  await assert.rejects(fetchFrom(url, {}), /cannot be fetched: .*certificate/);
  assert.equal(names.length, 2);
});

test('a TLS file that is missing is said', async () => {
  const url = await listen((_request, response) => response.end('x'));
  await assert.rejects(fetchFrom(url, { ca: '/nowhere/ca.pem' }), /\/nowhere\/ca\.pem/);
});

test('a redirect never leads from https to http', async () => {
  const url = await listen((_request, response) => {
    response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end();
  });
  await assert.rejects(fetchFrom(url, { ca: authority.certificate }), /redirect leads to http$/);
});

test('a server for which nothing is new to who has nothing is at fault', async () => {
  const url = await listen((_request, response) => response.writeHead(304).end());
  await assert.rejects(fetchFrom(url, { ca: authority.certificate }), /304, Not Modified/);
});

test('a server that switches protocols has not answered', { timeout: 10_000 }, async () => {
  const url = await listen(switchProtocols);
  await assert.rejects(fetchFrom(url, { ca: authority.certificate }), /gave no answer/);
});

test('what a URL may hide is not in a message', async () => {
  await assert.rejects(
    fetchFrom('http://127.0.0.1:1/bundle?key=hunter2', {}),
    (error: Error) =>
      /:1\/bundle cannot be fetched/.test(error.message) && !/hunter2/.test(error.message),
  );
});

test('failures are waited out longer and longer, up to the longest delay', () => {
  const polling = { minDelayMs: 1000, maxDelayMs: 2000 };
  const delays = Array.from({ length: 9 }, (_, index) =>
    Math.round(delayMs('failed', index + 1, polling, 0.5)),
  );
  assert.deepEqual(delays, [100, 160, 256, 410, 655, 1049, 1678, 2000, 2000]);
  assert.equal(delayMs('failed', 1, polling, 0), 80);
  assert.equal(delayMs('done', 0, polling, 0.25), 1250);
  assert.equal(delayMs('waited', 0, polling, 0.25), 100);
});
