import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressBytes, assignedPart } from '../../../src/domain/ip-address.ts';

const addresses: readonly (readonly [text: string, hex: string])[] = [
  ['10.1.2.3', '0a010203'],
  ['::ffff:10.1.2.3', '0a010203'],
  ['::FFFF:0a01:0203', '0a010203'],
  ['::10.1.2.3', '0000000000000000000000000a010203'],
  ['::', '00000000000000000000000000000000'],
  ['2001:db8::7', '20010db8000000000000000000000007'],
  ['1:2:3:4:5:6:7:8', '00010002000300040005000600070008'],
  ['fe80::1%eth0', 'fe800000000000000000000000000001'],
];

test('an address is its bytes, and IPv4 is 4 of them however it is written', () => {
  for (const [text, hex] of addresses) assert.equal(addressBytes(text).toString('hex'), hex, text);
});

test('what its holder cannot choose of an address is the same however it is written', () => {
  const parts = {
    '192.0.2.7': '192.0.2.7',
    '::ffff:192.0.2.7': '192.0.2.7',
    '2001:db8::7': '20010db800000000',
    '2001:db8:0:0:ffff::': '20010db800000000',
    '2001:db8:0:1::7': '20010db800000001',
    'fe80::1%eth0': 'fe80000000000000',
  };
  for (const [text, part] of Object.entries(parts)) assert.equal(assignedPart(text), part, text);
});

test('what is no address stays as it is', () => {
  for (const text of ['', '@', 'a socket', '::1.2.3.4.5', '1:2:3:4:5:6:7:8:9:a', '12345::']) {
    assert.equal(assignedPart(text), text);
  }
});
