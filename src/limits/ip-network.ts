import { isIPv4, isIPv6 } from 'node:net';
import type { NetworkPrefix } from '../domain/limit.ts';

/**
 * The network of an address, in one spelling for each: a caller must not have as many as it can
 * write its address in, nor a new one for every address of its own. What is no address is itself.
 */
export function networkOf(address: string, { v4Bits, v6Bits }: NetworkPrefix): string {
  if (isIPv4(address)) return masked(v4Bytes(address), v4Bits);
  if (!isIPv6(address)) return address;
  const bytes = v6Bytes(address);
  return isMappedV4(bytes) ? masked(bytes.subarray(12), v4Bits) : masked(bytes, v6Bits);
}

function masked(bytes: Buffer, bits: number): string {
  for (const [index, byte] of bytes.entries()) {
    const kept = Math.min(Math.max(bits - 8 * index, 0), 8);
    bytes[index] = byte & (0xff << (8 - kept));
  }
  return `${bytes.toString('hex')}/${bits}`;
}

function v4Bytes(address: string): Buffer {
  return Buffer.from(address.split('.').map(Number));
}

/** RFC 4291 §2.2: `::` stands for as many zeros as are missing, and the end may be an IPv4 address. */
function v6Bytes(address: string): Buffer {
  const [withoutZone = ''] = address.split('%');
  const [front = '', back = ''] = withoutZone.split('::');
  const [head, tail] = [groupBytes(front), groupBytes(back)];
  const bytes = Buffer.alloc(16);
  head.copy(bytes);
  tail.copy(bytes, 16 - tail.length);
  return bytes;
}

function groupBytes(groups: string): Buffer {
  if (groups === '') return Buffer.alloc(0);
  return Buffer.concat(
    groups.split(':').map((group) => {
      if (group.includes('.')) return v4Bytes(group);
      const value = Number.parseInt(group, 16);
      return Buffer.from([value >> 8, value & 0xff]);
    }),
  );
}

/** RFC 4291 §2.5.5.2: how a dual-stack listener sees callers over IPv4. */
function isMappedV4(bytes: Buffer): boolean {
  return (
    bytes.readUIntBE(0, 6) === 0 && bytes.readUInt32BE(6) === 0 && bytes.readUInt16BE(10) === 0xffff
  );
}
