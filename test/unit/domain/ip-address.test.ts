import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressBytes } from '../../../src/domain/ip-address.ts';

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
