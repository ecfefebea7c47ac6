import assert from 'node:assert/strict';
import { after, test, type TestContext } from 'node:test';
import { type ConnectionOptions, createSecureContext } from 'node:tls';
import { Authority } from '../setup/authority.ts';
import { startServer } from './server-fixture.ts';
import { envoyId, tlsConnection, trustOf } from './tls-fixture.ts';

const [authority, stranger] = [new Authority(), new Authority()];
after(() => {
  for (const each of [authority, stranger]) each.remove();
});

const handshakes = 150;
/** Each takes some 9 KiB while it is known, so that all of them together would take 130 MiB. */
const certificatesEach = 100;
const maxGrowthBytes = 65 * 1024 * 1024;

const trust = trustOf(authority.issue({ names: 'DNS:sallyport' }), [
  { pem: authority.own.certificate },
]);

async function growthWith(t: TestContext, issuer: Authority, protocols: ConnectionOptions) {
  let refused = 0;
  const onRefused = (): void => {
    refused += 1;
  };
  const { address } = await startServer(t, {
    tls: { trust, onRefused, handshakeTimeoutMs: 60_000 },
  });
  const { certificate, privateKey } = issuer.issue({ names: `URI:${envoyId}` });
  const cert = certificate + stranger.own.certificate.repeat(certificatesEach);
  const secureContext = createSecureContext({ cert, key: privateKey });
  const connectMany = async (): Promise<void> => {
    for (let each = 0; each < handshakes; each += 1) {
      const socket = tlsConnection(t, address, { secureContext, ...protocols });
      // It may be reset: that is closed, too.
      const closed = new Promise((resolve) => socket.once('close', resolve));
      // Whoever is let in is told the server's settings; the others are closed out.
      socket.once('data', () => socket.destroy());
      await closed;
    }
  };
  await connectMany();
  const before = process.memoryUsage().rss;
  await connectMany();
  return { growth: process.memoryUsage().rss - before, refused };
}

const peers = [
  { who: 'strangers', issuer: stranger, protocols: {}, comeIn: false },
  { who: 'clients who come in', issuer: authority, protocols: {}, comeIn: true },
  {
    who: 'clients who do not speak HTTP/2',
    issuer: authority,
    protocols: { ALPNProtocols: [] },
    comeIn: false,
  },
];

for (const { who, issuer, protocols, comeIn } of peers) {
  test(`of what ${who} send beside their certificates nothing stays`, async (t) => {
    const { growth, refused } = await growthWith(t, issuer, protocols);
    assert.equal(refused, comeIn ? 0 : 2 * handshakes);
    assert.ok(growth < maxGrowthBytes, `${growth} bytes more`);
  });
}
