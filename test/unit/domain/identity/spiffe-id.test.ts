import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isTrustDomain, parseSpiffeId } from '../../../../src/domain/identity/spiffe-id.ts';

test('an Istio workload has a namespace and a service account', () => {
  assert.deepEqual(parseSpiffeId('spiffe://shop.example/ns/shop/sa/web'), {
    uri: 'spiffe://shop.example/ns/shop/sa/web',
    trustDomain: 'shop.example',
    path: '/ns/shop/sa/web',
    namespace: 'shop',
    serviceAccount: 'web',
  });
});

test('another path has neither', () => {
  assert.deepEqual(parseSpiffeId('spiffe://shop.example/batch/reports'), {
    uri: 'spiffe://shop.example/batch/reports',
    trustDomain: 'shop.example',
    path: '/batch/reports',
  });
});

test('a trust domain is an ID with an empty path', () => {
  assert.deepEqual(parseSpiffeId('spiffe://shop.example'), {
    uri: 'spiffe://shop.example',
    trustDomain: 'shop.example',
    path: '',
  });
});

const refused = [
  '',
  'shop.example/ns/shop/sa/web',
  'SPIFFE://shop.example/web',
  'https://shop.example/web',
  'spiffe:///web',
  'spiffe://Shop.example/web',
  'spiffe://user@shop.example/web',
  'spiffe://shop.example:443/web',
  'spiffe://shop.example/',
  'spiffe://shop.example/web/',
  'spiffe://shop.example//web',
  'spiffe://shop.example/./web',
  'spiffe://shop.example/ns/../sa/web',
  'spiffe://shop.example/web?x=1',
  'spiffe://shop.example/web#x',
  'spiffe://shop.example/%77eb',
  'spiffe://shop.example/web,spiffe://shop.example/admin',
  'spiffe://shop.example/web\n',
  'spiffe://shop.example/web\0',
  'spiffe://shop.example/wéb',
  `spiffe://shop.example/${'a'.repeat(2048)}`,
  `spiffe://${'a'.repeat(256)}/web`,
];

for (const uri of refused) {
  test(`${JSON.stringify(uri.slice(0, 60))} is no SPIFFE ID`, () => {
    assert.equal(parseSpiffeId(uri), undefined);
  });
}

test('a longer path than Istio’s is not an account', () => {
  const id = parseSpiffeId('spiffe://shop.example/ns/shop/sa/web/admin');
  assert.equal(id?.serviceAccount, undefined);
});

test('a trust domain is lower-case letters, digits, dots, dashes and underscores', () => {
  assert.equal(isTrustDomain('shop-1.example_x'), true);
  for (const name of ['', 'Shop', 'shop/x', 'shop:1', '*', 'shop\n']) {
    assert.equal(isTrustDomain(name), false, name);
  }
});
