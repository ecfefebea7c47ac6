import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { ClientHttp2Session } from 'node:http2';
import { connect } from 'node:net';
import { after, test, type TestContext } from 'node:test';
import type { ConnectionOptions } from 'node:tls';
import type { LimitsVerdict } from '../../src/domain/limits/limit.ts';
import { createCheckClient } from '../../src/server/check-client.ts';
import type { Trust } from '../../src/server/tls/admission.ts';
import type { HandshakeFailureCause } from '../../src/server/tls/handshake-failure.ts';
import type { RefusedConnection, TlsDoorOptions } from '../../src/server/tls/tls-door.ts';
import { Authority } from '../setup/authority.ts';
import { until } from '../setup/until.ts';
import { openCheck } from './server-client-fixture.ts';
import { checkRequest, gateWith, type Parts, startServer, within } from './server-fixture.ts';
import { envoyId, portOf, shown, tlsConnection, tlsSession, trustOf } from './tls-fixture.ts';

const authority = new Authority();
/** With the same name: only the signature tells them apart. */
const otherAuthority = new Authority();
const intermediate = new Authority('an intermediate', authority);
after(() => {
  for (const each of [authority, otherAuthority, intermediate]) each.remove();
});

const own = authority.issue({ names: 'DNS:sallyport' });
const envoy = authority.issue({ names: `URI:${envoyId}` });
const clientCa = [{ pem: authority.own.certificate }];

async function startTlsServer(
  t: TestContext,
  trust: Trust = trustOf(own, clientCa),
  door: Partial<TlsDoorOptions> = {},
  parts: Parts = {},
) {
  const refused: RefusedConnection[] = [];
  const tls = { trust, onRefused: (each: RefusedConnection) => refused.push(each), ...door };
  return { ...(await startServer(t, { ...parts, tls })), refused };
}

async function statusOf(session: ClientHttp2Session): Promise<unknown> {
  const stream = openCheck(session, checkRequest());
  const signal = AbortSignal.timeout(5000);
  const [headers] = (await once(stream, 'response', { signal })) as [Record<string, unknown>];
  return headers[':status'];
}

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  test(`an allowed client is answered over ${version}`, async (t) => {
    const { address, refused } = await startTlsServer(t);
    const versions = { minVersion: version, maxVersion: version };
    const session = await tlsSession(t, address, { ...shown(envoy), ...versions });
    assert.equal(await statusOf(session), 200);
    assert.deepEqual(refused, []);
  });
}

function identity(issuer: Authority, id: string): ConnectionOptions {
  return shown(issuer.issue({ names: `URI:${id}` }));
}

interface Stranger {
  readonly name: string;
  readonly options: () => ConnectionOptions;
  readonly cause: HandshakeFailureCause;
}

const withNames = (names: string) => () => shown(authority.issue({ names }));

const strangers: readonly Stranger[] = [
  { name: 'without a certificate', options: () => ({}), cause: 'no_certificate' },
  {
    name: 'of an authority that only has the name of ours',
    options: () => shown(otherAuthority.issue({ names: `URI:${envoyId}` })),
    cause: 'unknown_authority',
  },
  {
    name: 'whose certificate signs itself',
    options: () => shown(otherAuthority.own),
    cause: 'unsuitable',
  },
  {
    name: 'whose certificate has expired',
    options: () => shown(authority.issue({ names: `URI:${envoyId}`, days: -1 })),
    cause: 'expired',
  },
  {
    name: 'whose certificate is not valid yet',
    options: () => {
      const from = new Date(Date.now() + 3_600_000);
      return shown(authority.issue({ names: `URI:${envoyId}`, from }));
    },
    cause: 'not_yet_valid',
  },
  {
    name: 'that is not in the list',
    options: withNames('URI:spiffe://shop.example/ns/shop/sa/web'),
    cause: 'not_allowed',
  },
  {
    name: 'of another trust domain',
    options: withNames('URI:spiffe://shop.example.evil/ns/ingress/sa/envoy'),
    cause: 'not_allowed',
  },
  { name: 'with a DNS name only', options: withNames('DNS:envoy'), cause: 'no_spiffe_id' },
  {
    name: 'with two URIs',
    options: withNames(`URI:${envoyId}, URI:spiffe://shop.example/ns/shop/sa/web`),
    cause: 'no_spiffe_id',
  },
  {
    name: 'with a name that hides a SPIFFE ID behind a comma',
    options: () =>
      shown(
        authority.issue({
          names: `@names`,
          extensions: [
            'keyUsage=critical,digitalSignature',
            `[names]`,
            `DNS.1=envoy\\, URI:${envoyId}`,
          ],
        }),
      ),
    cause: 'no_spiffe_id',
  },
  {
    name: 'with an ID in upper case',
    options: withNames('URI:spiffe://SHOP.example/ns/ingress/sa/envoy'),
    cause: 'no_spiffe_id',
  },
  {
    name: 'with the certificate of a server',
    options: () =>
      shown(
        authority.issue({ names: `URI:${envoyId}`, extensions: ['extendedKeyUsage=serverAuth'] }),
      ),
    cause: 'unsuitable',
  },
  {
    name: 'whose key may not sign',
    options: () =>
      shown(authority.issue({ names: `URI:${envoyId}`, extensions: ['keyUsage=keyEncipherment'] })),
    cause: 'unsuitable',
  },
  {
    name: 'with an authority’s own certificate',
    options: () => shown(intermediate.own),
    cause: 'unsuitable',
  },
  {
    name: 'that offers no h2',
    options: () => ({ ...shown(envoy), ALPNProtocols: ['http/1.1'] }),
    cause: 'protocol',
  },
  {
    name: 'that offers no protocol at all',
    options: () => ({ ...shown(envoy), ALPNProtocols: [] }),
    cause: 'protocol',
  },
  {
    name: 'that speaks TLS 1.1 only',
    options: () => ({
      ...shown(envoy),
      minVersion: 'TLSv1.1',
      maxVersion: 'TLSv1.1',
      ciphers: 'DEFAULT@SECLEVEL=0',
    }),
    cause: 'protocol',
  },
  {
    name: 'without forward secrecy',
    options: () => ({ ...shown(envoy), maxVersion: 'TLSv1.2', ciphers: 'AES128-GCM-SHA256' }),
    cause: 'protocol',
  },
];

for (const { name, options, cause } of strangers) {
  test(`a client ${name} is closed out: ${cause}`, async (t) => {
    const { address, server, refused } = await startTlsServer(t);
    await assert.rejects(tlsSession(t, address, options()));
    await until('the refusal is told', () => refused.length > 0);
    assert.deepEqual(
      refused.map((each) => [each.source, each.cause]),
      [['127.0.0.0/24', cause]],
      JSON.stringify(refused),
    );
    assert.equal(server.connections(), 0);
  });
}

test('plaintext on the TLS port is closed out', async (t) => {
  const { address, refused } = await startTlsServer(t);
  const socket = connect(portOf(address), '127.0.0.1').on('error', () => {});
  socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0');
  await once(socket.resume(), 'close', { signal: AbortSignal.timeout(5000) });
  assert.equal(refused[0]?.cause, 'plaintext');
});

test('whoever is silent, or leaves, in the middle of a handshake is counted and forgotten', async (t) => {
  const { address, refused } = await startTlsServer(t, undefined, { handshakeTimeoutMs: 200 });
  const silent = connect(portOf(address), '127.0.0.1').on('error', () => {});
  await once(silent.resume(), 'close', { signal: AbortSignal.timeout(5000) });
  connect(portOf(address), '127.0.0.1').end();
  const reset = connect(portOf(address), '127.0.0.1', () => reset.resetAndDestroy());
  await until('all are told', () => refused.length === 3);
  assert.deepEqual(
    refused.map(({ cause }) => cause),
    ['timeout', 'closed', 'closed'],
  );
});

test('handshakes are bounded, and a place becomes free when one ends', async (t) => {
  const handshakes = { max: 10, maxPerSource: 2 };
  const { address, refused } = await startTlsServer(t, undefined, { handshakes });
  const silent = [1, 2].map(() => connect(portOf(address), '127.0.0.1').on('error', () => {}));
  t.after(() => silent.forEach((socket) => socket.destroy()));
  await Promise.all(silent.map((socket) => once(socket, 'connect')));
  await assert.rejects(tlsSession(t, address, shown(envoy)));
  assert.equal(refused[0]?.cause, 'overloaded');
  silent[0]?.destroy();
  await until('it is forgotten', () => refused.some(({ cause }) => cause === 'closed'));
  assert.equal(await statusOf(await tlsSession(t, address, shown(envoy))), 200);
});

test('a network that comes too often in a second keeps no other out', async (t) => {
  const handshakes = { maxPerSourceAndSecond: 3 };
  const { address, refused } = await startTlsServer(t, undefined, { handshakes });
  const flood = Array.from({ length: 50 }, () =>
    connect({ port: portOf(address), host: '127.0.0.1', localAddress: '127.0.1.1' })
      .on('error', () => {})
      .end(),
  );
  t.after(() => flood.forEach((socket) => socket.destroy()));
  assert.equal(await statusOf(await tlsSession(t, address, shown(envoy))), 200);
  await until('all are told', () => refused.length === flood.length);
  const overloaded = refused.filter(({ cause }) => cause === 'overloaded');
  assert.ok(overloaded.length > 0 && overloaded.every(({ source }) => source === '127.0.1.0/24'));
});

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  test(`a session of ${version} is not resumed`, async (t) => {
    const { address } = await startTlsServer(t);
    const options = { ...shown(envoy), maxVersion: version };
    const first = tlsConnection(t, address, options);
    const sessions: Buffer[] = [];
    first.on('session', (session) => sessions.push(session));
    await once(first, 'secureConnect');
    const kept = first.getSession() ?? sessions.at(-1);
    await until('the server speaks', () => first.bytesRead > 0);
    for (const session of [...sessions, ...(kept === undefined ? [] : [kept])]) {
      const again = tlsConnection(t, address, { ...options, session });
      await once(again, 'secureConnect');
      assert.equal(again.isSessionReused(), false);
    }
  });
}

/** Checks wait until they are released. */
function heldGate() {
  const waiting: ((verdict: LimitsVerdict) => void)[] = [];
  const gate = gateWith(() => new Promise((resolve) => waiting.push(resolve)));
  const release = (): void => {
    for (const resolve of waiting.splice(0)) resolve(within);
  };
  return { gate: () => gate, waiting, release };
}

test('a renewed certificate is shown to new connections, and the old ones stay', async (t) => {
  const { address, server } = await startTlsServer(t);
  const before = await tlsSession(t, address, shown(envoy));
  const renewed = authority.issue({ names: 'DNS:renewed' });
  server.useTrust(trustOf(renewed, clientCa));
  const later = tlsConnection(t, address, shown(envoy));
  await once(later, 'secureConnect');
  assert.equal(later.getPeerCertificate().subjectaltname, 'DNS:renewed');
  assert.equal(await statusOf(before), 200);
  assert.equal(server.connections(), 2);
});

test('while an old and a new authority overlap nobody is closed; who is under a removed one, is', async (t) => {
  const held = heldGate();
  const { address, server, refused } = await startTlsServer(t, undefined, {}, { gate: held.gate });
  const old = await tlsSession(t, address, shown(envoy));
  const both = [...clientCa, { pem: otherAuthority.own.certificate }];
  server.useTrust(trustOf(own, both));
  const renewed = await tlsSession(
    t,
    address,
    shown(otherAuthority.issue({ names: `URI:${envoyId}` })),
  );
  assert.equal(server.connections(), 2);

  const inFlight = statusOf(old);
  await until('a check is under way', () => held.waiting.length === 1);
  const goaway = once(old, 'goaway', { signal: AbortSignal.timeout(5000) });
  server.useTrust(trustOf(own, both.slice(1)));
  await goaway;
  held.release();
  assert.equal(await inFlight, 200);
  await until('the old one is closed', () => server.connections() === 1);

  const answered = statusOf(renewed);
  await until('a check is under way', () => held.waiting.length === 1);
  held.release();
  assert.equal(await answered, 200);
  await assert.rejects(tlsSession(t, address, shown(envoy)));
  assert.equal(refused.at(-1)?.cause, 'unknown_authority');
});

test('who is no longer in the list is closed, after a grace where its checks hang', async (t) => {
  const held = heldGate();
  const options = { connectionAge: { maxMs: 60_000, graceMs: 100 } };
  const { address, server } = await startTlsServer(t, undefined, {}, { gate: held.gate, options });
  const other = authority.issue({ names: 'URI:spiffe://shop.example/ns/ingress/sa/other' });
  const [hanging] = [
    await tlsSession(t, address, shown(envoy)),
    await tlsSession(t, address, shown(other)),
  ];
  openCheck(hanging, checkRequest());
  await until('a check is under way', () => held.waiting.length === 1);
  server.useTrust(trustOf(own, clientCa, ['spiffe://shop.example/ns/ingress/sa/other']));
  await until('it is closed', () => server.connections() === 1);
  await assert.rejects(tlsSession(t, address, shown(envoy)));
  held.release();
});

test('an authority vouches for its own trust domain only, where it is bound to one', async (t) => {
  const bound = [
    { pem: authority.own.certificate, trustDomain: 'shop.example' },
    { pem: otherAuthority.own.certificate, trustDomain: 'partner.example' },
  ];
  const allowed = ['spiffe://shop.example/*', 'spiffe://partner.example/*'];
  const { address, refused } = await startTlsServer(t, trustOf(own, bound, allowed));
  await tlsSession(t, address, identity(authority, 'spiffe://shop.example/a'));
  await tlsSession(t, address, identity(otherAuthority, 'spiffe://partner.example/a'));
  await assert.rejects(tlsSession(t, address, identity(otherAuthority, 'spiffe://shop.example/a')));
  assert.equal(refused[0]?.cause, 'unknown_authority');
});

test('a drain finishes the checks of TLS connections', async (t) => {
  const held = heldGate();
  const { address, server } = await startTlsServer(t, undefined, {}, { gate: held.gate });
  const session = await tlsSession(t, address, shown(envoy));
  const answered = statusOf(session);
  await until('a check is under way', () => held.waiting.length === 1);
  const drained = server.drain();
  await once(session, 'goaway', { signal: AbortSignal.timeout(5000) });
  held.release();
  assert.equal(await answered, 200);
  session.close();
  await drained;
  assert.equal(server.connections(), 0);
});

test('sallyport check asks over TLS, and knows the server by its SPIFFE ID or its name', async (t) => {
  const serverId = 'spiffe://shop.example/sallyport';
  const named = authority.issue({ names: `URI:${serverId}, DNS:sallyport` });
  const { address } = await startTlsServer(t, trustOf(named, clientCa));
  const ask = async (serverName?: string): Promise<number | undefined> => {
    const client = createCheckClient(address, {
      ca: Buffer.from(authority.own.certificate),
      certificate: Buffer.from(envoy.certificate),
      privateKey: Buffer.from(envoy.privateKey),
      ...(serverName !== undefined && { serverName }),
    });
    t.after(() => {
      client.close();
    });
    const request = { attributes: { request: { http: { method: 'GET', path: '/' } } } };
    return (await client.check(request, { timeoutMs: 5000 })).status?.code ?? 0;
  };
  assert.equal(await ask(serverId), 0);
  assert.equal(await ask('sallyport'), 0);
  await assert.rejects(
    ask('spiffe://shop.example/other'),
    /is not spiffe:\/\/shop\.example\/other/,
  );
  await assert.rejects(ask(), /did not answer/);
});
