import assert from 'node:assert/strict';
import { once } from 'node:events';
import { constants } from 'node:http2';
import { connect } from 'node:net';
import { test } from 'node:test';
import type { ListenAddress } from '../../src/domain/listen-address.ts';
import type { LimitsVerdict } from '../../src/domain/limits/limit.ts';
import {
  byteClient,
  framesClient,
  frameType,
  http2Client,
  openCheck,
} from './server-client-fixture.ts';
import { until } from '../setup/until.ts';
import { checkRequest, gateWith, startServer, verdictIn, within } from './server-fixture.ts';

/** A gate whose checks wait until they are released. */
function heldGate() {
  const waiting: ((verdict: LimitsVerdict) => void)[] = [];
  const gate = gateWith(() => new Promise((resolve) => waiting.push(resolve)));
  return {
    gate: () => gate,
    waiting,
    release: () => {
      for (const resolve of waiting) resolve(within);
    },
  };
}

function connectTo(address: ListenAddress) {
  assert.equal(address.kind, 'tcp');
  const socket = connect(address.kind === 'tcp' ? address.port : 0, '127.0.0.1');
  socket.on('error', () => {});
  return socket;
}

test('5000 checks that are given up do not fail the others on their connection', async (t) => {
  const held = heldGate();
  const { address } = await startServer(t, {
    gate: held.gate,
    options: { maxConcurrentStreams: 100 },
    limits: { maxChecksInFlight: 100_000, checkTimeoutMs: 30_000 },
  });
  const session = await http2Client(t, address);
  let goaway = 0;
  session.on('goaway', () => {
    goaway += 1;
  });
  const kept = [1, 2, 3, 4, 5].map(() => openCheck(session, checkRequest()));
  await until('the kept checks wait', () => held.waiting.length === 5);
  for (let round = 0; round < 100; round += 1) {
    const givenUp = Array.from({ length: 50 }, () => openCheck(session, checkRequest()));
    await new Promise((resolve) => setTimeout(resolve, 2));
    await Promise.all(
      givenUp.map((stream) => {
        const closed = once(stream, 'close');
        stream.close(constants.NGHTTP2_CANCEL);
        return closed;
      }),
    );
  }
  held.release();
  for (const stream of kept) {
    const [headers] = (await once(stream, 'response', { signal: AbortSignal.timeout(5000) })) as [
      Record<string, unknown>,
    ];
    assert.equal(headers[':status'], 200);
  }
  assert.equal(goaway, 0);
  assert.ok(held.waiting.length > 4000, 'the checks that were given up had reached the server');
});

test('5000 checks that are opened and given up at once do not fail the others', async (t) => {
  const held = heldGate();
  const { address } = await startServer(t, {
    gate: held.gate,
    options: { maxConcurrentStreams: 100 },
    limits: { maxChecksInFlight: 100_000, checkTimeoutMs: 5000 },
  });
  const client = framesClient(t, address);
  const kept = [1, 3, 5];
  for (const streamId of kept) client.openStream(streamId, checkRequest());
  await until('the kept checks wait', () => held.waiting.length === kept.length);
  let streamId = 7;
  for (let flush = 0; flush < 100; flush += 1) {
    client.inOneFlush(() => {
      for (const end = streamId + 100; streamId < end; streamId += 2) {
        client.openStream(streamId, checkRequest());
        client.resetStream(streamId);
      }
    });
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  held.release();
  for (const keptId of kept) {
    await until('a kept check is answered', () => client.has(frameType.headers, keptId));
  }
  assert.equal(client.has(frameType.goaway, 0), false);
});

test('a peer that no longer answers is dropped', async (t) => {
  const { address, server } = await startServer(t, {
    options: { keepalive: { intervalMs: 50, timeoutMs: 50 } },
  });
  const socket = connectTo(address);
  t.after(() => socket.destroy());
  await until('the peer is connected', () => server.connections() === 1);
  // A connection preface and empty settings: HTTP/2, and then silence.
  socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0');
  await until('the peer is dropped', () => server.connections() === 0);
});

test('a peer that does not begin to speak is dropped, one that does is kept', async (t) => {
  const { address, server } = await startServer(t, { options: { prefaceTimeoutMs: 300 } });
  connectTo(address);
  const halting = connectTo(address);
  halting.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
  await http2Client(t, address);
  assert.equal(server.connections(), 3);
  await until('both are dropped', () => server.connections() === 1);
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal(server.connections(), 1);
});

test('a connection too many is closed, and the others are served', async (t) => {
  const { address, server } = await startServer(t, { options: { maxConnections: 1 } });
  const session = await http2Client(t, address);
  const refused = connectTo(address).resume();
  await once(refused, 'close', { signal: AbortSignal.timeout(2000) });
  assert.equal(server.connections(), 1);
  const stream = openCheck(session, checkRequest());
  await once(stream, 'response', { signal: AbortSignal.timeout(2000) });
});

test('a peer that does not speak HTTP/2 is dropped, and the server goes on', async (t) => {
  const { address, server } = await startServer(t);
  const socket = connectTo(address);
  t.after(() => socket.destroy());
  socket.write('GET / HTTP/1.1\r\nHost: orders.shop\r\n\r\n'.repeat(10));
  socket.resume();
  await once(socket, 'close', { signal: AbortSignal.timeout(5000) });
  await until('the peer is forgotten', () => server.connections() === 0);
  const { message } = await byteClient(t, address).send(checkRequest());
  assert.equal(verdictIn(message), 'allow allowed');
});

test('a check that passes the notice to leave on its way is answered', async (t) => {
  const { address } = await startServer(t, {
    options: { connectionAge: { maxMs: 20, graceMs: 2000 } },
  });
  const client = framesClient(t, address);
  await until('the client is asked to leave', () => client.has(frameType.goaway, 0));
  client.openStream(1, checkRequest());
  await until('the check is answered', () => client.has(frameType.headers, 1));
  assert.equal(client.has(frameType.rstStream, 1), false);
});

test('a check that passes the notice of a drain on its way is answered', async (t) => {
  const { address, server } = await startServer(t);
  const client = framesClient(t, address);
  await until('the client is connected', () => client.has(frameType.settings, 0));
  const drained = server.drain();
  await until('the client is asked to leave', () => client.has(frameType.goaway, 0));
  client.openStream(1, checkRequest());
  await until('the check is answered', () => client.has(frameType.headers, 1));
  assert.equal(client.has(frameType.rstStream, 1), false);
  await drained;
  assert.equal(client.isClosed(), true);
});

test('a client that does not leave is closed when the grace is over', async (t) => {
  const { address, server } = await startServer(t, {
    options: { connectionAge: { maxMs: 20, graceMs: 50 } },
  });
  const client = framesClient(t, address);
  await until('the client is connected', () => server.connections() === 1);
  await until('the client is closed', () => client.isClosed());
  assert.equal(server.connections(), 0);
});

test('a connection that is too old ends, and its checks within the grace do not', async (t) => {
  const held = heldGate();
  const { address, server } = await startServer(t, {
    gate: held.gate,
    options: { connectionAge: { maxMs: 50, graceMs: 2000 } },
    limits: { checkTimeoutMs: 30_000 },
  });
  const session = await http2Client(t, address);
  const stream = openCheck(session, checkRequest());
  await once(session, 'goaway', { signal: AbortSignal.timeout(5000) });
  held.release();
  const [headers] = (await once(stream, 'response', { signal: AbortSignal.timeout(5000) })) as [
    Record<string, unknown>,
  ];
  assert.equal(headers[':status'], 200);
  stream.resume();
  await until('the connection is closed', () => server.connections() === 0);
});

test('connections that come and go leave nothing behind', async (t) => {
  const { address, server } = await startServer(t);
  for (let round = 0; round < 5; round += 1) {
    const sessions = await Promise.all(Array.from({ length: 40 }, () => http2Client(t, address)));
    for (const session of sessions) openCheck(session, checkRequest());
    assert.ok(server.connections() >= 40);
    for (const [index, session] of sessions.entries()) {
      if (index % 2 === 0) session.destroy();
      else session.socket.destroy();
    }
    await until('all are forgotten', () => server.connections() === 0);
  }
});

test('a drain under load answers every check that it accepted', async (t) => {
  const { address, server, recorded } = await startServer(t, {
    gate: () => gateWith(() => new Promise((resolve) => setTimeout(() => resolve(within), 10))),
    limits: { checkTimeoutMs: 30_000 },
  });
  const client = byteClient(t, address);
  const outcomeOf = new Map<string, string>();
  const stop = new AbortController();
  async function keepAsking(): Promise<void> {
    while (!stop.signal.aborted) {
      const path = `/${outcomeOf.size}`;
      outcomeOf.set(path, 'open');
      const { status, message } = await client.send(checkRequest(path));
      outcomeOf.set(path, status === 0 ? verdictIn(message) : 'failed');
    }
  }
  const askers = Array.from({ length: 16 }, keepAsking);
  await until('the load runs', () => recorded.length > 100);
  await server.drain();
  stop.abort();
  await Promise.all(askers);
  const accepted = recorded.map(({ check }) => outcomeOf.get(check.request?.path ?? ''));
  assert.deepEqual([...new Set(accepted)], ['allow allowed']);
});

test('a drain ends in time, and once, when a check hangs', async (t) => {
  const held = heldGate();
  const { address, server } = await startServer(t, {
    gate: held.gate,
    options: { drainTimeoutMs: 100 },
    limits: { checkTimeoutMs: 60_000 },
  });
  const outcome = byteClient(t, address).send(checkRequest());
  await until('the check waits', () => held.waiting.length === 1);
  const startedMs = performance.now();
  const drained = server.drain();
  assert.equal(server.drain(), drained);
  await drained;
  assert.ok(performance.now() - startedMs < 10_000);
  assert.equal(server.connections(), 0);
  assert.notEqual((await outcome).status, 0);
  held.release();
});

test('a drain refuses new connections at once', async (t) => {
  const held = heldGate();
  const { address, server } = await startServer(t, { gate: held.gate });
  const first = byteClient(t, address).send(checkRequest());
  await until('the check waits', () => held.waiting.length === 1);
  const drained = server.drain();
  const late = connectTo(address);
  await until('the late connection is refused', () => late.destroyed);
  held.release();
  assert.equal(verdictIn((await first).message), 'allow allowed');
  await drained;
});
