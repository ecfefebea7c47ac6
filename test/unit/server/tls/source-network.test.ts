import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sourceNetworkOf } from '../../../../src/server/tls/source-network.ts';

const networks: readonly (readonly [string | undefined, string])[] = [
  ['10.1.2.3', '10.1.2.0/24'],
  ['::ffff:10.1.2.3', '10.1.2.0/24'],
  ['2001:db8:0:1:2:3:4:5', '2001:db8:0:1::/64'],
  ['2001:db8::5', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  [undefined, 'unix'],
  ['nonsense', 'other'],
];

test('a connection is counted by the network that it comes from', () => {
  for (const [address, network] of networks) assert.equal(sourceNetworkOf(address), network);
});
