import assert from 'node:assert/strict';
import { after, test, type TestContext } from 'node:test';
import type { ConnectionOptions } from 'node:tls';
import type { ClientAuthorities } from '../../src/server/tls/credentials.ts';
import type { RefusedConnection } from '../../src/server/tls/tls-door.ts';
import { Authority, type Issued } from '../setup/authority.ts';
import { until } from '../setup/until.ts';
import { startServer } from './server-fixture.ts';
import { tlsSession, trustOf } from './tls-fixture.ts';

const [shopId, partnerId] = ['spiffe://shop.example/envoy', 'spiffe://partner.example/envoy'];
const [shop, partner] = [new Authority('a root'), new Authority('a root')];
const [shopLow, partnerLow] = [new Authority('low', shop), new Authority('low', partner)];
const shopLower = new Authority('lower', shopLow);
const all = [shop, partner, shopLow, partnerLow, shopLower];
after(() => {
  for (const each of all) each.remove();
});

const own = shop.issue({ names: 'DNS:sallyport' });
const bundles = [
  { pem: shop.own.certificate, trustDomain: 'shop.example' },
  { pem: partner.own.certificate, trustDomain: 'partner.example' },
];
const allowed = ['spiffe://shop.example/*', 'spiffe://partner.example/*'];

function client(
  issuer: Authority,
  id: string,
  others: readonly (Issued | string)[],
): ConnectionOptions {
  const { certificate, privateKey } = issuer.issue({ names: `URI:${id}` });
  const sent = others.map((other) => (typeof other === 'string' ? other : other.certificate));
  return { cert: [certificate, ...sent].join(''), key: privateKey };
}

async function start(t: TestContext, clientCa: readonly ClientAuthorities[] = bundles) {
  const refused: RefusedConnection[] = [];
  const trust = trustOf(own, clientCa, allowed);
  const tls = { trust, onRefused: (each: RefusedConnection) => refused.push(each) };
  return { ...(await startServer(t, { tls })), refused };
}

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  const versions = { minVersion: version, maxVersion: version };

  test(`over ${version} clients come in by the authorities that they send`, async (t) => {
    const { address, server, refused } = await start(t);
    const clients = [
      client(shopLow, shopId, [shopLow.own]),
      client(shopLower, shopId, [shopLower.own, shopLow.own]),
      client(shopLower, shopId, [partner.own, shopLow.own, shop.own, shopLower.own]),
      client(partnerLow, partnerId, [partnerLow.own]),
    ];
    for (const each of clients) await tlsSession(t, address, { ...each, ...versions });
    assert.deepEqual(refused, []);
    assert.equal(server.connections(), clients.length);
  });

  test(`over ${version} nobody comes in by the authorities of another trust domain`, async (t) => {
    const { address, refused } = await start(t);
    const clients = [
      client(partnerLow, shopId, [partnerLow.own]),
      client(partnerLow, shopId, [partnerLow.own, shopLow.own, shop.own]),
      client(shopLow, partnerId, [shopLow.own]),
    ];
    for (const each of clients) {
      await assert.rejects(tlsSession(t, address, { ...each, ...versions }));
    }
    await until('the refusals are told', () => refused.length === clients.length);
    assert.ok(
      refused.every(({ cause }) => cause === 'unknown_authority'),
      JSON.stringify(refused),
    );
  });
}

test('an authority that two trust domains have signed vouches for neither', async (t) => {
  const { address, refused } = await start(t);
  const ofBoth = shopLow.crossSignedBy(partner);
  for (const others of [[shopLow.own, ofBoth], [ofBoth, shopLow.own], [ofBoth]]) {
    await assert.rejects(tlsSession(t, address, client(shopLow, shopId, others)));
  }
  await until('the refusals are told', () => refused.length === 3);
  assert.ok(
    refused.every(({ cause }) => cause === 'unknown_authority'),
    JSON.stringify(refused),
  );
});

test('who sends more certificates than any chain has is not let in by them', async (t) => {
  const { address, refused } = await start(t);
  const many = Array.from({ length: 8 }, () => partner.own);
  await assert.rejects(tlsSession(t, address, client(shopLow, shopId, [shopLow.own, ...many])));
  await until('the refusal is told', () => refused.length === 1);
  assert.equal(refused[0]?.cause, 'unknown_authority');
  await tlsSession(t, address, client(shopLow, shopId, [shopLow.own, ...many.slice(1)]));
  await tlsSession(t, address, client(shop, shopId, many));
});

test('of an authority that is removed the clients are closed, whatever they came in by', async (t) => {
  const files = [{ pem: shop.own.certificate }, { pem: partner.own.certificate }];
  const { address, server } = await start(t, files);
  await tlsSession(t, address, client(shopLower, shopId, [shopLower.own, shopLow.own]));
  await tlsSession(t, address, client(shop, shopId, []));
  const stays = await tlsSession(t, address, client(partnerLow, shopId, [partnerLow.own]));
  server.useTrust(trustOf(own, [...files, { pem: shopLow.own.certificate }], allowed));
  assert.equal(server.connections(), 3);
  server.useTrust(trustOf(own, files.slice(1), allowed));
  await until('two are closed', () => server.connections() === 1);
  assert.ok(!stays.closed && !stays.destroyed);
});
