import assert from 'node:assert/strict';
import { BlockList, isIPv6 } from 'node:net';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { networkOf } from '../../../src/limits/ip-network.ts';

const prefix = { v4Bits: 24, v6Bits: 64 };

const same: readonly [string, string][] = [
  ['10.1.2.3', '10.1.2.255'],
  ['10.1.2.3', '::ffff:10.1.2.9'],
  ['10.1.2.3', '::ffff:0a01:0209'],
  ['2001:db8::1', '2001:0db8:0000:0000:ffff:ffff:ffff:ffff'],
  ['2001:db8::1', '2001:DB8:0:0::'],
  ['fe80::1%eth0', 'fe80::2%eth1'],
];
const different: readonly [string, string][] = [
  ['10.1.2.3', '10.1.3.3'],
  ['2001:db8::1', '2001:db8:0:1::1'],
  ['0.0.0.1', '::1'],
  ['10.1.2.3', '::10.1.2.3'],
];

for (const [one, other] of same) {
  test(`${one} and ${other} are of one network`, () => {
    assert.equal(networkOf(one, prefix), networkOf(other, prefix));
  });
}

for (const [one, other] of different) {
  test(`${one} and ${other} are of two networks`, () => {
    assert.notEqual(networkOf(one, prefix), networkOf(other, prefix));
  });
}

test('what is no address counts as it is', () => {
  for (const text of ['', 'envoy-internal', '10.1.2', '10.1.2.3.4', '::g']) {
    assert.equal(networkOf(text, prefix), text);
  }
});

const bits = fc.integer({ min: 1, max: 128 });

test('two addresses share a network when Node says that they do', () => {
  fc.assert(
    fc.property(fc.ipV6(), fc.ipV6(), bits, (one, other, v6Bits) => {
      fc.pre(isIPv6(one) && isIPv6(other) && !/^[0:]*ffff:/i.test(one + other));
      const network = new BlockList();
      network.addSubnet(one, v6Bits, 'ipv6');
      const read = (address: string): string => networkOf(address, { v4Bits: 32, v6Bits });
      assert.equal(read(one) === read(other), network.check(other, 'ipv6'));
    }),
  );
});

test('an IPv4 address keeps as many bits as are asked for', () => {
  for (let v4Bits = 1; v4Bits <= 32; v4Bits += 1) {
    const network = new BlockList();
    network.addSubnet('203.0.113.77', v4Bits);
    for (let bit = 0; bit < 32; bit += 1) {
      const flipped = (0xcb00714d ^ (1 << bit)) >>> 0;
      const other = [24, 16, 8, 0].map((shift) => (flipped >>> shift) & 0xff).join('.');
      const read = (address: string): string => networkOf(address, { v4Bits, v6Bits: 64 });
      assert.equal(
        read('203.0.113.77') === read(other),
        network.check(other),
        `${other}/${v4Bits}`,
      );
    }
  }
});
