import { isIPv4, isIPv6 } from 'node:net';

/** An address: how many bits it has, and which. IPv4 within IPv6 (`::ffff:1.2.3.4`) is IPv4. */
export interface IpAddress {
  readonly width: 32 | 128;
  readonly bits: bigint;
}

export interface CidrBlock extends IpAddress {
  readonly prefix: number;
}

/** Go's net.ParseIP. */
export function parseIp(text: string): IpAddress | undefined {
  const bits = parseBits(text);
  if (bits === undefined) return undefined;
  return isIPv4(text) ? { width: 32, bits } : asIpv4({ width: 128, bits, prefix: 128 });
}

/** Go's net.ParseCIDR: the network, without the address's own bits. */
export function parseCidr(text: string): CidrBlock | undefined {
  const [address = '', mask = '', ...rest] = text.split('/');
  const bits = parseBits(address);
  const width = isIPv4(address) ? 32 : 128;
  const prefix = /^\d{1,7}$/.test(mask) ? Number(mask) : -1;
  if (bits === undefined || rest.length > 0 || prefix < 0 || prefix > width) return undefined;
  const host = BigInt(width - prefix);
  return asIpv4({ width, bits: (bits >> host) << host, prefix });
}

function asIpv4(block: CidrBlock): CidrBlock {
  if (block.width === 32 || block.bits >> 32n !== 0xffffn) return block;
  return { width: 32, bits: block.bits & 0xffffffffn, prefix: block.prefix - 96 };
}

function parseBits(text: string): bigint | undefined {
  if (isIPv4(text)) return ipv4Bits(text);
  if (!isIPv6(text) || text.includes('%')) return undefined;
  const hex = text.replace(/[\d.]+$/, (tail) => (tail.includes('.') ? ipv4Groups(tail) : tail));
  const [head = '', tail] = hex.split('::');
  const [before, after] = [groupsOf(head), tail === undefined ? [] : groupsOf(tail)];
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0');
  return [...before, ...zeros, ...after].reduce(
    (bits, group) => (bits << 16n) | BigInt(`0x${group}`),
    0n,
  );
}

function ipv4Bits(text: string): bigint {
  return text.split('.').reduce((bits, byte) => (bits << 8n) | BigInt(byte), 0n);
}

function ipv4Groups(text: string): string {
  const bits = ipv4Bits(text);
  return `${(bits >> 16n).toString(16)}:${(bits & 0xffffn).toString(16)}`;
}

function groupsOf(text: string): string[] {
  return text === '' ? [] : text.split(':');
}

/** As Go writes it: RFC 5952. */
export function formatIp({ width, bits }: IpAddress): string {
  if (width === 32) return [24n, 16n, 8n, 0n].map((at) => (bits >> at) & 0xffn).join('.');
  if (bits >> 32n === 0xffffn) return formatIp({ width: 32, bits: bits & 0xffffffffn });
  const groups = Array.from({ length: 8 }, (_, at) => (bits >> BigInt(112 - 16 * at)) & 0xffffn);
  const text = groups.map((group) => group.toString(16)).join(':');
  const [longest = ''] = (text.match(/(?<![^:])0(?::0)+(?![^:])/g) ?? []).toSorted(
    (a, b) => b.length - a.length,
  );
  if (longest === '') return text;
  const at = runStart(text, longest);
  return `${text.slice(0, at).replace(/:$/, '')}::${text.slice(at + longest.length).replace(/^:/, '')}`;
}

function runStart(text: string, run: string): number {
  return `:${text}:`.indexOf(`:${run}:`);
}

export function formatCidr(block: CidrBlock): string {
  return `${formatIp(block)}/${block.prefix}`;
}

export function lastOf({ width, bits, prefix }: CidrBlock): bigint {
  return bits | ((1n << BigInt(width - prefix)) - 1n);
}

export function contains(block: CidrBlock, inner: CidrBlock | IpAddress): boolean {
  if (block.width !== inner.width) return false;
  if ('prefix' in inner && inner.prefix < block.prefix) return false;
  const host = BigInt(block.width - block.prefix);
  return inner.bits >> host === block.bits >> host;
}
