import { isIP } from 'node:net';
import { addressBytes } from '../../domain/ip-address.ts';

/**
 * Where a connection comes from, coarse enough to be a label: `10.1.2.0/24`, `2001:db8:0:1::/64`;
 * `unix` for a socket of this machine.
 */
export function sourceNetworkOf(address: string | undefined): string {
  if (address === undefined) return 'unix';
  if (isIP(address) === 0) return 'other';
  const bytes = addressBytes(address);
  if (bytes.length === 4) return `${bytes.subarray(0, 3).join('.')}.0/24`;
  const groups = [0, 2, 4, 6].map((at) => bytes.readUInt16BE(at).toString(16));
  return `${groups.join(':')}::/64`;
}
