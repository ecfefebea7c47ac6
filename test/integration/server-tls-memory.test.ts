import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, test } from 'node:test';
import { createSecureContext } from 'node:tls';
import { Authority } from '../setup/authority.ts';
import { until } from '../setup/until.ts';
import { startServer } from './server-fixture.ts';
import { envoyId, tlsConnection, trustOf } from './tls-fixture.ts';

const [authority, stranger] = [new Authority(), new Authority()];
after(() => {
  for (const each of [authority, stranger]) each.remove();
});

const handshakes = 300;
/** Each takes some 9 KiB while it is known, so that all of them together would take 260 MiB. */
const certificatesEach = 100;
const maxGrowthBytes = 130 * 1024 * 1024;

test('of what strangers send beside their certificates nothing stays', async (t) => {
  const own = authority.issue({ names: 'DNS:sallyport' });
  let refused = 0;
  const onRefused = (): void => {
    refused += 1;
  };
  const trust = trustOf(own, [{ pem: authority.own.certificate }]);
  const { address } = await startServer(t, { tls: { trust, onRefused } });
  const { certificate, privateKey } = stranger.issue({ names: `URI:${envoyId}` });
  const cert = certificate + stranger.own.certificate.repeat(certificatesEach);
  const secureContext = createSecureContext({ cert, key: privateKey });
  const connectMany = async (times: number): Promise<void> => {
    const wanted = refused + times;
    for (let each = 0; each < times; each += 1) {
      await once(tlsConnection(t, address, { secureContext }), 'close');
    }
    await until('all are refused', () => refused === wanted);
  };
  await connectMany(handshakes);
  const before = process.memoryUsage().rss;
  await connectMany(handshakes);
  const growth = process.memoryUsage().rss - before;
  assert.ok(growth < maxGrowthBytes, `${growth} bytes more`);
});
