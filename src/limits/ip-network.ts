import { isIP } from 'node:net';
import { addressBytes } from '../domain/ip-address.ts';
import type { NetworkPrefix } from '../domain/limits/limit.ts';

/**
 * The network of an address, in one spelling for each: a caller must not have as many as it can
 * write its address in, nor a new one for every address of its own. What is no address is itself.
 */
export function networkOf(address: string, { v4Bits, v6Bits }: NetworkPrefix): string {
  if (isIP(address) === 0) return address;
  const bytes = addressBytes(address);
  return masked(bytes, bytes.length === 4 ? v4Bits : v6Bits);
}

function masked(bytes: Buffer, bits: number): string {
  for (const [index, byte] of bytes.entries()) {
    const kept = Math.min(Math.max(bits - 8 * index, 0), 8);
    bytes[index] = byte & (0xff << (8 - kept));
  }
  return `${bytes.toString('hex')}/${bits}`;
}
