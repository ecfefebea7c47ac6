import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type ClientHttp2Session, connect } from 'node:http2';
import type { TestContext } from 'node:test';
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls';
import type { ListenAddress } from '../../src/domain/listen-address.ts';
import { parseSpiffePattern } from '../../src/domain/identity/spiffe-pattern.ts';
import type { Trust } from '../../src/server/tls/admission.ts';
import { type ClientAuthorities, readCredentials } from '../../src/server/tls/credentials.ts';
import type { Issued } from '../setup/authority.ts';

export const envoyId = 'spiffe://shop.example/ns/ingress/sa/envoy';

/** What a server would make of these. */
export function trustOf(
  server: Issued,
  clientCa: readonly ClientAuthorities[],
  allowedClients: readonly string[] = ['spiffe://shop.example/ns/ingress/sa/*'],
): Trust {
  const { certificate, privateKey } = server;
  const read = readCredentials({ certificate, privateKey, clientCa }, Date.now());
  assert.ok('value' in read, JSON.stringify(read));
  const patterns = allowedClients.map((text) => parseSpiffePattern(text));
  assert.ok(patterns.every((pattern) => pattern !== undefined));
  return { credentials: read.value, allowedClients: patterns };
}

export function shown(issued: Issued): ConnectionOptions {
  return { cert: issued.certificate, key: issued.privateKey };
}

export function portOf(address: ListenAddress): number {
  assert.equal(address.kind, 'tcp');
  return address.kind === 'tcp' ? address.port : 0;
}

/** A TLS connection that does not judge the server; what it offers is the test's to say. */
export function tlsConnection(
  t: TestContext,
  address: ListenAddress,
  options: ConnectionOptions,
): TLSSocket {
  const port = portOf(address);
  const socket = connectTls({
    port,
    host: '127.0.0.1',
    rejectUnauthorized: false,
    ALPNProtocols: ['h2'],
    ...options,
  });
  socket.on('error', () => {});
  t.after(() => socket.destroy());
  return socket;
}

/** HTTP/2 over TLS; rejects when the server closes instead of speaking it. */
export async function tlsSession(
  t: TestContext,
  address: ListenAddress,
  options: ConnectionOptions,
): Promise<ClientHttp2Session> {
  const socket = tlsConnection(t, address, options);
  const session = connect('https://sallyport', { createConnection: () => socket });
  session.on('error', () => {});
  t.after(() => session.destroy());
  const signal = AbortSignal.timeout(5000);
  const spoke = once(session, 'remoteSettings', { signal }).then(() => true);
  const closed = once(socket, 'close', { signal }).then(() => false);
  spoke.catch(() => {});
  closed.catch(() => {});
  assert.ok(await Promise.race([spoke, closed]), 'the server closed the connection');
  return session;
}
