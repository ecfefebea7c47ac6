/**
 * The bytes of an address that `isIP` of node:net has found good: 4 of IPv4, also where it is written
 * as IPv6 (RFC 4291 §2.5.5.2: a dual-stack listener sees it so), or 16 of IPv6, without its zone.
 */
export function addressBytes(address: string): Buffer {
  if (!address.includes(':')) return v4Bytes(address);
  const bytes = v6Bytes(address);
  return isMappedV4(bytes) ? bytes.subarray(12) : bytes;
}

const v6Like = /^(?:[\da-f]{0,4}:){2,8}(?:[\da-f]{0,4}|\d{1,3}(?:\.\d{1,3}){3})(?:%.*)?$/i;

/** What of an address its holder cannot choose: all of IPv4, 64 bits of IPv6. Other text as it is. */
export function assignedPart(address: string): string {
  if (!v6Like.test(address)) return address;
  const bytes = addressBytes(address);
  return bytes.length === 4 ? bytes.join('.') : bytes.toString('hex', 0, 8);
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

function isMappedV4(bytes: Buffer): boolean {
  return (
    bytes.readUIntBE(0, 6) === 0 && bytes.readUInt32BE(6) === 0 && bytes.readUInt16BE(10) === 0xffff
  );
}
