import { isIPv4, isIPv6 } from 'node:net';

/**
 * Where a connection comes from, coarse enough to be a label: `10.1.2.0/24`, `2001:db8:0:1::/64`;
 * `unix` for a socket of this machine.
 */
export function sourceNetworkOf(address: string | undefined): string {
  if (address === undefined) return 'unix';
  const v4 = address.startsWith(mappedPrefix) ? address.slice(mappedPrefix.length) : address;
  if (isIPv4(v4)) return `${v4.slice(0, v4.lastIndexOf('.'))}.0/24`;
  return isIPv6(address) ? `${firstGroups(address).join(':')}::/64` : 'other';
}

/** How a dual-stack listener sees peers over IPv4 (RFC 4291 §2.5.5.2). */
const mappedPrefix = '::ffff:';

/** The first 64 bits: `::` stands for as many zeros as are missing of eight groups. */
function firstGroups(address: string): readonly string[] {
  const [head = '', tail] = address.split('::');
  const [front, back] = [groupsOf(head), groupsOf(tail ?? '')];
  const zeros = Array.from({ length: 8 - front.length - back.length }, () => '0');
  return [...front, ...(tail === undefined ? [] : zeros), ...back].slice(0, 4);
}

function groupsOf(text: string): readonly string[] {
  return text === '' ? [] : text.split(':');
}
