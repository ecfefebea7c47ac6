import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { CompletedCheck } from '../../src/check/check.ts';
import { createCheckClient } from '../../src/server/check-client.ts';
import { byteClient, checkPath, grpcFrame, http2Client } from './server-client-fixture.ts';
import { until } from '../setup/until.ts';
import {
  answer,
  checkRequest,
  gateWith,
  startServer,
  verdictIn,
  within,
} from './server-fixture.ts';

const grpcOk = 0;
const deadlineExceeded = 4;
const resourceExhausted = 8;
const unimplemented = 12;

function never<T>(): Promise<T> {
  return new Promise(() => {});
}

test('a check is answered over TCP', async (t) => {
  const { address, recorded } = await startServer(t);
  const client = createCheckClient(address);
  t.after(() => client.close());
  const request = { attributes: { request: { http: { method: 'GET', path: '/orders' } } } };
  const response = await client.check(request, { timeoutMs: 5000 });
  assert.equal(response.status?.code ?? 0, 0);
  assert.deepEqual(response.okResponse?.headers?.[0]?.header, {
    key: 'x-sallyport-reason',
    value: 'allowed',
  });
  await until('the check is recorded', () => recorded.length === 1);
  const [completed] = recorded;
  assert.equal(completed?.check.request?.path, '/orders');
  assert.equal(completed?.policy.name, 'example');
  assert.match(completed?.check.id ?? '', /^[0-9a-f-]{36}$/);
});

test('a check is answered over a unix socket', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const { address } = await startServer(t, {
    options: { address: { kind: 'unix', path: join(directory, 'authz.sock') } },
  });
  const client = createCheckClient(address);
  t.after(() => client.close());
  const response = await client.check({ attributes: {} }, { timeoutMs: 5000 });
  assert.equal(response.okResponse?.headers?.[0]?.header?.value, 'allowed');
});

test('a client says who did not answer', async (t) => {
  const { address, server } = await startServer(t);
  await server.drain();
  const client = createCheckClient(address);
  t.after(() => client.close());
  await assert.rejects(
    client.check({ attributes: {} }, { timeoutMs: 2000 }),
    /127\.0\.0\.1:\d+ did/,
  );
});

test('what is not a CheckRequest is denied, not an error of the RPC', async (t) => {
  const { address } = await startServer(t);
  const client = byteClient(t, address);
  const whole = checkRequest();
  for (const bytes of [
    whole.subarray(0, -1),
    Buffer.from([0xff, 0xff, 0xff]),
    Buffer.alloc(9, 7),
  ]) {
    const { status, message } = await client.send(bytes);
    assert.equal(status, grpcOk);
    assert.equal(verdictIn(message), 'deny bad_request');
  }
});

test('a message over the limit is denied unread, with the answer of a denial', async (t) => {
  const { address, recorded } = await startServer(t, {
    limits: { maxMessageBytes: 4 * 1024 * 1024 },
    options: { maxMessageBytes: 4 * 1024 * 1024 },
  });
  const { status, message } = await byteClient(t, address).send(
    checkRequest('/orders', { body: 'x'.repeat(5 * 1024 * 1024) }),
  );
  assert.equal(status, grpcOk);
  assert.equal(verdictIn(message), 'deny bad_request');
  await until('the check is recorded', () => recorded.length === 1);
  assert.equal(recorded[0]?.check.attributes, undefined);
  assert.match(
    recorded[0]?.decision.outcome === 'deny' ? recorded[0].decision.detail : '',
    /large/,
  );
});

test('a message over the hard cap is refused, and the server goes on', async (t) => {
  const { address } = await startServer(t);
  const client = byteClient(t, address);
  const { status } = await client.send(checkRequest('/', { body: 'x'.repeat(140 * 1024) }));
  assert.equal(status, resourceExhausted);
  assert.equal(verdictIn((await client.send(checkRequest())).message), 'allow allowed');
});

test('a method that does not exist is unimplemented', async (t) => {
  const { address } = await startServer(t);
  const path = '/envoy.service.auth.v2.Authorization/Check';
  assert.equal((await byteClient(t, address).send(checkRequest(), { path })).status, unimplemented);
});

test('a fault while deciding is a denial', async (t) => {
  const { address, recorded, faults } = await startServer(t, {
    gate: () =>
      gateWith(() => {
        throw new Error('no such limit');
      }),
  });
  const { status, message } = await byteClient(t, address).send(checkRequest());
  assert.equal(status, grpcOk);
  assert.equal(verdictIn(message), 'deny internal');
  await until('the check is recorded', () => recorded.length === 1);
  assert.equal(recorded[0]?.decision.reason, 'internal');
  assert.deepEqual(faults, ['deciding a check: Error: no such limit']);
});

test('a fault in the record does not touch the answer', async (t) => {
  const { address, faults } = await startServer(t, {
    recorder: {
      record: () => {
        throw new Error('disk full');
      },
    },
  });
  const { message } = await byteClient(t, address).send(checkRequest());
  assert.equal(verdictIn(message), 'allow allowed');
  await until('the fault is reported', () => faults.length === 1);
  assert.deepEqual(faults, ['recording a decision: Error: disk full']);
});

test('an allow that cannot be encoded is sent and recorded as a denial', async (t) => {
  const { address, recorded } = await startServer(t, {
    answer: (completed: CompletedCheck) => {
      if (completed.decision.outcome === 'allow') throw new Error('a header with a line break');
      return answer(completed);
    },
  });
  const { status, message } = await byteClient(t, address).send(checkRequest());
  assert.equal(status, grpcOk);
  assert.equal(verdictIn(message), 'deny internal');
  await until('the check is recorded', () => recorded.length === 1);
  assert.equal(recorded[0]?.decision.reason, 'internal');
});

test('more checks than may be in flight are denied, and the others go on', async (t) => {
  const waiting: (() => void)[] = [];
  const gate = gateWith(
    () =>
      new Promise((resolve) => {
        waiting.push(() => resolve(within));
      }),
  );
  const { address } = await startServer(t, { gate: () => gate, limits: { maxChecksInFlight: 3 } });
  const client = byteClient(t, address);
  const held = [1, 2, 3].map(() => client.send(checkRequest()));
  await until('three checks wait', () => waiting.length === 3);
  assert.equal(verdictIn((await client.send(checkRequest())).message), 'deny overloaded');
  for (const release of waiting) release();
  for (const { message } of await Promise.all(held)) {
    assert.equal(verdictIn(message), 'allow allowed');
  }
  const next = client.send(checkRequest());
  await until('the next check waits', () => waiting.length === 4);
  waiting[3]?.();
  assert.equal(verdictIn((await next).message), 'allow allowed');
});

test('a check that hangs is denied before its caller gives up', async (t) => {
  const { address } = await startServer(t, {
    gate: () => gateWith(never),
    limits: { deadlineMarginMs: 1500 },
  });
  const client = byteClient(t, address);
  const { status, message } = await client.send(checkRequest(), { timeoutMs: 2000 });
  assert.notEqual(status, deadlineExceeded);
  assert.equal(verdictIn(message), 'deny deadline_exceeded');
});

test('a check that hangs is denied in time when its caller names no timeout', async (t) => {
  const { address } = await startServer(t, {
    gate: () => gateWith(never),
    limits: { checkTimeoutMs: 50 },
  });
  const startedMs = performance.now();
  // Istio's default is as good as none.
  const { message } = await byteClient(t, address).send(checkRequest(), { timeoutMs: 600_000 });
  assert.equal(verdictIn(message), 'deny deadline_exceeded');
  assert.ok(performance.now() - startedMs < 10_000);
});

test('a cancelled check is told so, takes nothing more, and is recorded as unanswered', async (t) => {
  let taken: (() => void) | undefined;
  const gate = gateWith(
    () =>
      new Promise((resolve) => {
        taken = () => resolve(within);
      }),
  );
  const { address, recorded } = await startServer(t, { gate: () => gate });
  const call = byteClient(t, address).call(checkRequest());
  await until('the check waits', () => taken !== undefined);
  call.cancel();
  await call.outcome;
  // The server learns of it after the client does.
  await new Promise((resolve) => setTimeout(resolve, 50));
  taken?.();
  await until('the check is recorded', () => recorded.length === 1);
  assert.equal(recorded[0]?.check.cancelled, true);
  assert.equal(recorded[0]?.decision.reason, 'deadline_exceeded');
});

test('checks that came with slow ones are refused in time, not left to time out', async (t) => {
  const slow = gateWith(() => {
    const untilMs = performance.now() + 40;
    while (performance.now() < untilMs);
    return within;
  });
  const { address } = await startServer(t, { gate: () => slow });
  const client = byteClient(t, address);
  await client.send(checkRequest());
  // One after another they would take 2 s.
  const checks = Array.from({ length: 50 }, () => client.send(checkRequest(), { timeoutMs: 1500 }));
  const verdicts = (await Promise.all(checks)).map(({ message }) => verdictIn(message));
  assert.ok(verdicts.includes('deny overloaded'));
  const others = verdicts.filter((verdict) => verdict !== 'deny overloaded');
  assert.deepEqual([...new Set(others)], ['allow allowed']);
});

test('a client that leaves in the middle of a message harms nobody', async (t) => {
  const { address, faults } = await startServer(t);
  const session = await http2Client(t, address);
  const torn = session.request({
    ':method': 'POST',
    ':path': checkPath,
    'content-type': 'application/grpc',
  });
  torn.on('error', () => {});
  torn.write(grpcFrame(checkRequest()).subarray(0, 20));
  await new Promise((resolve) => setTimeout(resolve, 20));
  session.destroy();
  const { message } = await byteClient(t, address).send(checkRequest());
  assert.equal(verdictIn(message), 'allow allowed');
  assert.deepEqual(faults, []);
});
