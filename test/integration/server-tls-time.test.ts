import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import type { ClientHttp2Session } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import { after, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import type { ListenAddress } from '../../src/domain/listen-address.ts';
import type { RefusedConnection, TlsDoorOptions } from '../../src/server/tls/tls-door.ts';
import { Authority } from '../setup/authority.ts';
import { until } from '../setup/until.ts';
import { openCheck } from './server-client-fixture.ts';
import { checkRequest, gateWith, startServer, within } from './server-fixture.ts';
import { envoyId, portOf, shown, tlsSession, trustOf } from './tls-fixture.ts';

const authority = new Authority();
after(() => {
  authority.remove();
});

const own = authority.issue({ names: 'DNS:sallyport' });
const envoy = authority.issue({ names: `URI:${envoyId}` });
const trust = trustOf(own, [{ pem: authority.own.certificate }]);

function doorWith(options: Partial<TlsDoorOptions> = {}) {
  const refused: RefusedConnection[] = [];
  const tls = { trust, onRefused: (each: RefusedConnection) => refused.push(each), ...options };
  return { tls, refused };
}

async function statusOf(session: ClientHttp2Session): Promise<unknown> {
  const stream = openCheck(session, checkRequest());
  const signal = AbortSignal.timeout(20_000);
  const [headers] = (await once(stream, 'response', { signal })) as [Record<string, unknown>];
  return headers[':status'];
}

test('who is in when their certificate expires is asked to leave, and comes in no more', async (t) => {
  const { promise: held, resolve } = Promise.withResolvers<typeof within>();
  const { tls, refused } = doorWith();
  const { address, server } = await startServer(t, { gate: () => gateWith(() => held), tls });
  const endMs = Math.ceil(Date.now() / 1000) * 1000 + 3000;
  const shortLived = authority.issue({ names: `URI:${envoyId}`, until: new Date(endMs) });
  const session = await tlsSession(t, address, shown(shortLived));
  await tlsSession(t, address, shown(envoy));
  const answered = statusOf(session);
  await once(session, 'goaway', { signal: AbortSignal.timeout(20_000) });
  assert.ok(Date.now() >= endMs - 100, 'not before its end');
  resolve(within);
  assert.equal(await answered, 200, 'what was under way is answered');
  await until('it is closed, and the other is not', () => server.connections() === 1);
  await assert.rejects(tlsSession(t, address, shown(shortLived)));
  assert.deepEqual(
    refused.map(({ cause }) => cause),
    ['expired'],
  );
});

/** Sends what comes after the first bytes one at a time, a byte in 20 ms. */
function dripping(socket: Socket, quickBytes: number): Duplex {
  const pending: number[] = [];
  let quickLeft = quickBytes;
  const timer = setInterval(() => {
    const byte = pending.shift();
    if (byte !== undefined) socket.write(Buffer.of(byte));
  }, 20);
  const slow = new Duplex({
    read: () => {},
    write(chunk: Buffer, _encoding, done) {
      const quick = chunk.subarray(0, quickLeft);
      quickLeft -= quick.length;
      socket.write(quick);
      pending.push(...chunk.subarray(quick.length));
      done();
    },
  });
  socket
    .on('data', (data) => slow.push(data))
    .on('close', () => {
      clearInterval(timer);
      slow.destroy();
    });
  return slow;
}

const drips: readonly (readonly [what: string, quickBytes: number])[] = [
  ['its first byte', 0],
  ['the answer of the server', 600],
];

for (const [what, quickBytes] of drips) {
  test(`who drips the handshake from ${what} on is closed out in time`, async (t) => {
    const { tls, refused } = doorWith({ handshakeTimeoutMs: 500 });
    const { address, server } = await startServer(t, { tls });
    const socket = connect(portOf(address), '127.0.0.1').on('error', () => {});
    const options = { ...shown(envoy), rejectUnauthorized: false, ALPNProtocols: ['h2'] };
    connectTls({ socket: dripping(socket, quickBytes), ...options }).on('error', () => {});
    // It may be reset: that is closed, too.
    await until('it is closed', () => socket.closed);
    await until('it is told', () => refused.length > 0);
    assert.deepEqual([refused[0]?.cause, server.connections()], ['timeout', 0]);
  });
}

/** What openssl's own client says of a connection. */
function sClient(address: ListenAddress, ...options: readonly string[]): Promise<string> {
  const target = ['-connect', `127.0.0.1:${portOf(address)}`, '-alpn', 'h2'];
  const identity = ['-cert', envoy.certificateFile, '-key', envoy.privateKeyFile];
  return new Promise((resolve) => {
    const args = ['s_client', ...target, ...identity, ...options];
    const child = execFile('openssl', args, { timeout: 10_000 }, (_error, stdout, stderr) => {
      resolve(stdout + stderr);
    });
    // Long enough for the tickets that come after the handshake.
    setTimeout(() => child.stdin?.end(), 500);
  });
}

test('no request is taken before the handshake is done (0-RTT)', async (t) => {
  const { tls } = doorWith();
  const { address } = await startServer(t, { tls });
  const session = join(authority.directory, 'session');
  const early = join(authority.directory, 'early');
  writeFileSync(early, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
  const first = await sClient(address, '-sess_out', session);
  assert.match(first, /Max Early Data: 0/);
  assert.ok(existsSync(session), 'the server sent a ticket');
  const again = await sClient(address, '-sess_in', session, '-early_data', early);
  assert.match(again, /Early data was (?:not sent|rejected)/);
  assert.match(again, /^New, TLSv1\.3/m);
});
