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
      client(shopLower, shopId, [shopLower.own, shopLow.own, shop.own, partner.own]),
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

test('an authority that two trust domains have signed vouches for the one whose way up is shown', async (t) => {
  const { address, refused } = await start(t);
  const ofBoth = shopLow.crossSignedBy(partner);
  await tlsSession(t, address, client(shopLow, shopId, [shopLow.own, ofBoth]));
  for (const others of [[ofBoth, shopLow.own], [ofBoth]]) {
    await assert.rejects(tlsSession(t, address, client(shopLow, shopId, others)));
  }
  await until('the refusals are told', () => refused.length === 2);
  assert.ok(
    refused.every(({ cause }) => cause === 'unknown_authority'),
    JSON.stringify(refused),
  );
});

test('a partner with a cross-certificate of our authority keeps out nobody who comes by that', async (t) => {
  const crossed = partner.own.certificate + shopLow.crossSignedBy(partner);
  const [shopBundle, partnerBundle] = bundles;
  assert.ok(shopBundle && partnerBundle);
  const { address, refused } = await start(t, [shopBundle, { ...partnerBundle, pem: crossed }]);
  await tlsSession(t, address, client(shopLow, shopId, [shopLow.own]));
  await assert.rejects(tlsSession(t, address, client(partnerLow, shopId, [partnerLow.own])));
  await until('the refusal is told', () => refused.length === 1);
});

test('an authority that may sign for some names only vouches for nobody beside another domain', async (t) => {
  const bound = new Authority('bound', shop, 2, ['nameConstraints=permitted;DNS:shop.example']);
  all.push(bound);
  const options = client(bound, shopId, [bound.own]);
  const { address, refused } = await start(t);
  await assert.rejects(tlsSession(t, address, options));
  await until('the refusal is told', () => refused.length === 1);
  assert.equal(refused[0]?.cause, 'unknown_authority');
  const alone = await start(t, bundles.slice(0, 1));
  await tlsSession(t, alone.address, options);
});

test('whatever is sent beside a chain does not matter', async (t) => {
  const { address, refused } = await start(t);
  const many = Array.from({ length: 100 }, () => partner.own);
  await tlsSession(t, address, client(shopLow, shopId, [shopLow.own, ...many]));
  await tlsSession(t, address, client(shop, shopId, many));
  assert.deepEqual(refused, []);
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
