import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { test, type TestContext } from 'node:test';
import { systemClock } from '../../../../src/domain/clock.ts';
import type { HttpServerSettings } from '../../../../src/domain/bundle-settings.ts';
import { createStatusReporter } from '../../../../src/policy/bundles/status-reporter.ts';
import { waitFor } from '../../../e2e/child-process.ts';

interface Told {
  readonly request: IncomingMessage;
  readonly body: string;
  readonly response: ServerResponse;
}

function take(response: ServerResponse): void {
  response.end();
}

/** A server that keeps what it is told, and leaves the answers to the test. */
async function startListener(t: TestContext) {
  const told: Told[] = [];
  let answer = take;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      told.push({ request, body: Buffer.concat(chunks).toString(), response });
      answer(response);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}/status`,
    told,
    answerWith: (next: (response: ServerResponse) => void) => {
      answer = next;
    },
  };
}

function startReporter(t: TestContext, url: string, more: Partial<HttpServerSettings> = {}) {
  const attempts: (string | undefined)[] = [];
  let state = 0;
  const settings = { url, headers: {}, tls: {}, responseTimeoutMs: 5000, downloadTimeoutMs: 5000 };
  const reporter = createStatusReporter(
    { ...settings, ...more },
    {
      clock: systemClock,
      read: () => ({ state }),
      onAttempt: (fault) => attempts.push(fault),
      random: () => 0.5,
    },
  );
  t.after(() => reporter.stop());
  return {
    attempts,
    stop: () => reporter.stop(),
    change: (next: number) => {
      state = next;
      reporter.changed();
    },
  };
}

test('a change is posted as JSON, with the credentials of the server', async (t) => {
  const listener = await startListener(t);
  const reporter = startReporter(t, listener.url, {
    headers: { 'x-team': 'shop' },
    credentials: { kind: 'bearer', scheme: 'Bearer', token: { text: 'secret' } },
  });
  reporter.change(1);
  await waitFor('the report', () => reporter.attempts.length === 1 || undefined);
  const [{ request, body } = assert.fail()] = listener.told;
  assert.deepEqual([request.method, request.url, body], ['POST', '/status', '{"state":1}']);
  assert.equal(request.headers['content-type'], 'application/json');
  assert.equal(request.headers.authorization, 'Bearer secret');
  assert.equal(request.headers['x-team'], 'shop');
  assert.deepEqual(reporter.attempts, [undefined]);
});

test('what changes while a report is under way is told by one more, the newest only', async (t) => {
  const listener = await startListener(t);
  listener.answerWith(() => {});
  const reporter = startReporter(t, listener.url);
  reporter.change(1);
  const first = await waitFor('the first', () => listener.told[0]);
  for (let state = 2; state <= 50; state += 1) reporter.change(state);
  listener.answerWith(take);
  first.response.end();
  await waitFor('both', () => reporter.attempts.length === 2 || undefined);
  await reporter.stop();
  assert.deepEqual(
    listener.told.map(({ body }) => body),
    ['{"state":1}', '{"state":50}'],
  );
});

test('a server in trouble is told again, of what is then true, until it takes it', async (t) => {
  const listener = await startListener(t);
  listener.answerWith((response) => {
    reporter.change(listener.told.length);
    if (listener.told.length > 2) response.end();
    else response.writeHead(503).end();
  });
  const reporter = startReporter(t, listener.url);
  reporter.change(0);
  await waitFor('three attempts', () => reporter.attempts.length >= 3 || undefined);
  await reporter.stop();
  const refused = 'the server answered 503, Service Unavailable';
  assert.deepEqual(reporter.attempts.slice(0, 3), [refused, refused, undefined]);
  assert.equal(listener.told[2]?.body, '{"state":2}');
});

test('no answer, no server and an unreadable token are faults with a sentence', async (t) => {
  const listener = await startListener(t);
  listener.answerWith(() => {});
  const silent = startReporter(t, listener.url, { responseTimeoutMs: 50 });
  silent.change(1);
  const away = startReporter(t, 'http://127.0.0.1:1/status');
  away.change(1);
  const file = '/nowhere/token';
  const locked = startReporter(t, listener.url, {
    credentials: { kind: 'bearer', scheme: 'Bearer', token: { file } },
  });
  locked.change(1);
  const faultOf = ({ attempts }: typeof silent) => waitFor('a fault', () => attempts[0]);
  assert.match(
    await faultOf(silent),
    /\/status does not answer: the server did not answer in time/,
  );
  assert.match(await faultOf(away), /127\.0\.0\.1:1\/status does not answer: .*ECONNREFUSED/);
  assert.equal(await faultOf(locked), 'the token in /nowhere/token cannot be read');
});

test('a stop ends what is under way, and tells nothing more', async (t) => {
  const listener = await startListener(t);
  listener.answerWith(() => {});
  const reporter = startReporter(t, listener.url);
  reporter.change(1);
  await waitFor('the report', () => listener.told.length === 1 || undefined);
  await reporter.stop();
  assert.deepEqual(reporter.attempts, []);
});
