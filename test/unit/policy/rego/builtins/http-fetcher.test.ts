import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { TLSSocket } from 'node:tls';
import { readAllowedHosts } from '../../../../../src/policy/rego/builtins/http/allowed-hosts.ts';
import {
  createHttpFetcher,
  type FetchLimits,
} from '../../../../../src/policy/rego/builtins/http/http-fetcher.ts';
import { jsonText } from '../../../../../src/policy/rego/builtins/json-text.ts';
import { readJson } from '../../../../../src/policy/rego/builtins/read-json.ts';
import { RegoObject, RegoSet, type RegoValue } from '../../../../../src/policy/rego/value.ts';
import { createCertificateAuthority } from '../../../../e2e/certificates.ts';
import { switchProtocols } from '../../../../setup/switch-protocols.ts';

async function listen(context: TestContext, server: Server): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  await promise;
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  return `localhost:${address.port}`;
}

function listenWith(context: TestContext, listener: RequestListener): Promise<string> {
  return listen(context, createServer(listener));
}

function fetcherFor(host: string, limits: Partial<FetchLimits> = {}) {
  return createHttpFetcher({
    allowed: readAllowedHosts([host]),
    maxTimeoutMs: 2000,
    maxResponseBytes: 1000,
    maxCacheBytes: 100_000,
    ...limits,
  });
}

async function ask(fetcher: ReturnType<typeof fetcherFor>, request: object): Promise<RegoObject> {
  const operand = readJson(JSON.stringify(request));
  assert.ok(operand instanceof RegoObject);
  const question = { kind: 'http', request: operand } as const;
  const answer = await fetcher.answer(jsonText(operand), question, new AbortController().signal);
  assert.ok(answer instanceof RegoObject);
  return answer;
}

function errorOf(answer: RegoObject): string {
  assert.equal(answer.get('status_code'), 0);
  return jsonText(answer.get('error') ?? null);
}

test('a server that switches protocols has not answered', { timeout: 10_000 }, async (context) => {
  const host = await listenWith(context, switchProtocols);
  const answer = await ask(fetcherFor(host), { method: 'get', url: `http://${host}/` });
  assert.match(errorOf(answer), /gave no answer/);
});

async function echo(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: unknown[] = await request.setEncoding('utf8').toArray();
  const { method, url, headers } = request;
  response.setHeader('content-type', 'application/json');
  const body = chunks.join('');
  response.end(JSON.stringify({ method, url, body, x: headers['x-a'], host: headers.host }));
}

test('a request is sent as the policy says, and its response given', async (context) => {
  const host = await listen(
    context,
    createServer((request, response) => void echo(request, response)),
  );
  const request = {
    method: 'post',
    url: `http://${host}/p?q=1`,
    body: { b: [1] },
    headers: { 'X-A': 'y' },
  };
  const answer = await ask(fetcherFor(host), request);
  assert.equal(
    answer.get('raw_body'),
    `{"method":"POST","url":"/p?q=1","body":"{\\"b\\":[1]}","x":"y","host":"${host}"}`,
  );
  assert.equal(answer.get('status'), '200 OK');
});

test('TLS is believed by the authority that the policy gives, and by no other', async (context) => {
  const directory = mkdtempSync(join(tmpdir(), 'fetcher-'));
  context.after(() => {
    rmSync(directory, { recursive: true });
  });
  const authority = createCertificateAuthority(directory);
  const { certificate, privateKey } = authority.issue('server', 'DNS:localhost');
  const [cert, key, ca] = [certificate, privateKey, authority.certificate].map((path) =>
    readFileSync(path, 'utf8'),
  );
  const server = createTlsServer(
    { cert, key, ca, requestCert: true, rejectUnauthorized: false },
    (request, response) => {
      const { socket } = request;
      response.end(socket instanceof TLSSocket && socket.authorized ? 'known' : 'unknown');
    },
  );
  const host = await listen(context, server);
  const request = { method: 'get', url: `https://${host}/` };
  assert.match(errorOf(await ask(fetcherFor(host), request)), /network_error/);
  const trusting = { ...request, tls_ca_cert: ca };
  assert.equal((await ask(fetcherFor(host), trusting)).get('raw_body'), 'unknown');
  const known = { ...trusting, tls_client_cert: cert, tls_client_key: key };
  assert.equal((await ask(fetcherFor(host), known)).get('raw_body'), 'known');
  const misnamed = { ...trusting, tls_server_name: 'other.example' };
  assert.match(errorOf(await ask(fetcherFor(host), misnamed)), /network_error/);
});

test('a host that is not allowed is not asked, even when a redirect leads there', async (context) => {
  let asked = 0;
  const secret = await listenWith(context, (_request, response) => {
    asked += 1;
    response.end('secret');
  });
  const host = await listenWith(context, (_request, response) => {
    response.writeHead(302, { location: `http://${secret}/` }).end();
  });
  const request = { method: 'get', url: `http://${host}/` };
  assert.equal((await ask(fetcherFor(host), request)).get('status_code'), 302);
  const followed = await ask(fetcherFor(host), { ...request, enable_redirect: true });
  assert.match(errorOf(followed), /eval_http_send_network_error.*disallowed host/);
  assert.match(errorOf(await ask(fetcherFor('other.example'), request)), /disallowed host/);
  assert.equal(asked, 0);
});

test('redirects to allowed hosts are followed, and end', async (context) => {
  const host = await listenWith(context, (request, response) => {
    if (request.url === '/end') response.end('there');
    else response.writeHead(303, { location: request.url === '/loop' ? '/loop' : '/end' }).end();
  });
  const get = { method: 'post', enable_redirect: true };
  const there = await ask(fetcherFor(host), { ...get, url: `http://${host}/start` });
  assert.equal(there.get('raw_body'), 'there');
  const loop = await ask(fetcherFor(host), { ...get, url: `http://${host}/loop` });
  assert.match(errorOf(loop), /redirects/);
});

test('a response that is too large is a failure', async (context) => {
  const host = await listenWith(context, (_request, response) => response.end('x'.repeat(1001)));
  const answer = await ask(fetcherFor(host), { method: 'get', url: `http://${host}/` });
  assert.match(errorOf(answer), /larger than 1000 bytes/);
});

test('a server that drips is cut off in time, whatever time the policy gives it', async (context) => {
  const host = await listenWith(context, (_request, response) => {
    response.write('x');
  });
  const fetcher = fetcherFor(host, { maxTimeoutMs: 100 });
  const started = performance.now();
  const answer = await ask(fetcher, { method: 'get', url: `http://${host}/`, timeout: '10s' });
  assert.match(errorOf(answer), /network_error/);
  assert.ok(performance.now() - started < 5000);
});

test('a response that may be kept is asked for once', async (context) => {
  let asked = 0;
  const host = await listenWith(context, (request, response) => {
    asked += 1;
    response.setHeader('cache-control', request.url === '/kept' ? 'max-age=60' : 'no-store');
    response.end(String(asked));
  });
  const fetcher = fetcherFor(host);
  const bodies: (RegoValue | undefined)[] = [];
  for (const path of ['kept', 'kept', 'not', 'not']) {
    const request = { method: 'get', url: `http://${host}/${path}`, cache: true };
    bodies.push((await ask(fetcher, request)).get('raw_body'));
  }
  assert.deepEqual(bodies, ['1', '1', '2', '3']);
});

test('what is kept of a response is bounded with its headers', async (context) => {
  let asked = 0;
  const host = await listenWith(context, (_request, response) => {
    asked += 1;
    response.setHeader('cache-control', 'max-age=60').setHeader('x-long', 'x'.repeat(8000)).end();
  });
  const fetcher = fetcherFor(host, { maxCacheBytes: 5000 });
  const request = { method: 'get', url: `http://${host}/`, cache: true };
  await ask(fetcher, request);
  await ask(fetcher, request);
  assert.equal(asked, 2);
});

test('a failure is tried again as often as the policy says', async (context) => {
  let asked = 0;
  const host = await listenWith(context, (request, response) => {
    asked += 1;
    if (asked < 3) request.socket.destroy();
    else response.end('third');
  });
  const request = { method: 'get', url: `http://${host}/`, max_retry_attempts: 2 };
  assert.equal((await ask(fetcherFor(host), request)).get('raw_body'), 'third');
});

test('a name is looked up, and one that is none has no answer', async () => {
  const fetcher = fetcherFor('localhost');
  const { signal } = new AbortController();
  const known = await fetcher.answer('k', { kind: 'lookup', name: 'localhost' }, signal);
  assert.ok(known instanceof RegoSet && known.values.length > 0);
  const unknown = await fetcher.answer('k', { kind: 'lookup', name: 'nope.invalid' }, signal);
  assert.equal(unknown, null);
});
