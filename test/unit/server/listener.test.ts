import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { formatAddress, type ListenAddress } from '../../../src/domain/listen-address.ts';
import { listen } from '../../../src/server/listener.ts';

function serverFor(t: TestContext): Server {
  const server = createServer((socket) => socket.destroy());
  t.after(() => server.close());
  return server;
}

function socketPath(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-'));
  t.after(() => rmSync(directory, { recursive: true }));
  return join(directory, 'authz.sock');
}

/** Leaves a socket behind, as a process does that is killed. */
function leaveSocket(path: string): void {
  const script = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
  spawnSync(process.execPath, ['-e', script], { timeout: 10_000 });
  assert.ok(statSync(path).isSocket());
}

test('port 0 resolves to the port that the system picked', async (t) => {
  const address = await listen(serverFor(t), { kind: 'tcp', host: '127.0.0.1', port: 0 });
  assert.ok(address.kind === 'tcp' && address.port > 0);
});

test('a port in use is refused by a sentence that names it', async (t) => {
  const address = await listen(serverFor(t), { kind: 'tcp', host: '127.0.0.1', port: 0 });
  await assert.rejects(listen(serverFor(t), address), {
    message: `cannot listen on ${formatAddress(address)}: another program listens there already`,
  });
});

test('an address of another machine is refused by a sentence', async (t) => {
  const address: ListenAddress = { kind: 'tcp', host: '192.0.2.1', port: 0 };
  await assert.rejects(listen(serverFor(t), address), /this machine does not have that address/);
});

test('a unix socket is for the owner and the group', async (t) => {
  const path = socketPath(t);
  await listen(serverFor(t), { kind: 'unix', path });
  assert.equal(statSync(path).mode & 0o777, 0o660);
});

test('a socket that a dead process left is replaced', async (t) => {
  const path = socketPath(t);
  leaveSocket(path);
  await listen(serverFor(t), { kind: 'unix', path });
  await new Promise<void>((resolve, reject) => {
    connect(path).once('connect', resolve).once('error', reject);
  });
});

test('a socket on which somebody answers is left alone', async (t) => {
  const path = socketPath(t);
  await listen(serverFor(t), { kind: 'unix', path });
  await assert.rejects(
    listen(serverFor(t), { kind: 'unix', path }),
    /another program listens there already/,
  );
  assert.ok(statSync(path).isSocket());
});

test('a file that is not a socket is left alone', async (t) => {
  const path = socketPath(t);
  writeFileSync(path, 'notes');
  await assert.rejects(listen(serverFor(t), { kind: 'unix', path }), /not a socket is in the way/);
  assert.ok(statSync(path).isFile());
});

test('a missing directory is named', async (t) => {
  const path = join(socketPath(t), 'deeper', 'authz.sock');
  await assert.rejects(listen(serverFor(t), { kind: 'unix', path }), /deeper does not exist/);
});

test('addresses are written as gRPC reads them', () => {
  assert.equal(formatAddress({ kind: 'tcp', host: '127.0.0.1', port: 9191 }), '127.0.0.1:9191');
  assert.equal(formatAddress({ kind: 'tcp', host: '::1', port: 9191 }), '[::1]:9191');
  assert.equal(formatAddress({ kind: 'unix', path: '/run/authz.sock' }), 'unix:/run/authz.sock');
});
