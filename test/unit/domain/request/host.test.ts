import assert from 'node:assert/strict';
import { test } from 'node:test';
import { normaliseHost } from '../../../../src/domain/request/host.ts';

const hosts: readonly [authority: string, host: string | undefined][] = [
  ['orders.shop', 'orders.shop'],
  ['Orders.SHOP', 'orders.shop'],
  ['orders.shop:8080', 'orders.shop'],
  ['orders.shop:', 'orders.shop'],
  ['orders.shop.', 'orders.shop'],
  ['orders.shop.:443', 'orders.shop'],
  ['ORDERS.SHOP..:443', 'orders.shop'],
  ['outbound_.80_._.orders.shop', 'outbound_.80_._.orders.shop'],
  ['10.0.0.1:80', '10.0.0.1'],
  ['[::1]', '[::1]'],
  ['[::1]:80', '[::1]'],
  ['[2001:DB8::A]:80', '[2001:db8::a]'],
  ['[::ffff:10.0.0.1]', '[::ffff:10.0.0.1]'],
  ['', ''],
  [':80', undefined],
  ['.', undefined],
  ['..', undefined],
  ['.:80', undefined],
  ['::1', undefined],
  ['[::1', undefined],
  ['[::1]x', undefined],
  ['[orders.shop]', undefined],
  ['orders.shop:x', undefined],
  ['orders.shop:80:80', undefined],
  ['orders.shop:123456', undefined],
  ['orders.shop,admin.shop', undefined],
  ['user@orders.shop', undefined],
  ['orders.shop/admin', undefined],
  ['orders.shop\\admin', undefined],
  ['orders.shop?x', undefined],
  ['orders.shop#x', undefined],
  ['orders%2eshop', undefined],
  ['orders shop', undefined],
  ['orders.shop\0', undefined],
  ['orders.shop\r\nx', undefined],
  ['orders.shop\n', undefined],
  ['ban\u212A.shop', undefined],
  ['bücher.shop', undefined],
  ['\ufffd', undefined],
  ['a'.repeat(256), undefined],
];

for (const [authority, host] of hosts) {
  test(`${JSON.stringify(authority)} is ${host === undefined ? 'no host' : JSON.stringify(host)}`, () => {
    assert.equal(normaliseHost(authority), host);
  });
}
