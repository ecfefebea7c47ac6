import { type Relation, relationOfLists } from './relation.ts';

/** A CIDR block as its bits, which the file's reader has found good. */
export interface CidrBlock {
  /** Of the address: 32 or 128. */
  readonly width: number;
  /** The first bits of it, and how many. */
  readonly prefix: bigint;
  readonly bits: number;
}

/** Of blocks that overlap one holds the other. */
export const cidrBlocks: Relation<readonly CidrBlock[]> = relationOfLists<CidrBlock>({
  covers: holds,
  meets: (one, other) => holds(one, other) || holds(other, one),
});

function holds(wide: CidrBlock, narrow: CidrBlock): boolean {
  return (
    wide.width === narrow.width &&
    wide.bits <= narrow.bits &&
    narrow.prefix >> BigInt(narrow.bits - wide.bits) === wide.prefix
  );
}

/** `10.0.0.0/8` */
export function blockOf(text: string): CidrBlock {
  const [address = '', length = ''] = text.split('/');
  const width = address.includes(':') ? 128 : 32;
  const value = width === 32 ? v4Value(address) : v6Value(address);
  const bits = Number(length);
  return { width, prefix: value >> BigInt(width - bits), bits };
}

function v4Value(address: string): bigint {
  return address.split('.').reduce((sum, part) => sum * 256n + BigInt(part), 0n);
}

/** RFC 4291 §2.2: `::` stands for as many zeros as are missing, and the end may be an IPv4 address. */
function v6Value(address: string): bigint {
  const [front = '', back = ''] = address.split('::');
  const [head, tail] = [groupsOf(front), groupsOf(back)];
  const zeros = Array.from({ length: 8 - head.length - tail.length }, () => 0n);
  return [...head, ...zeros, ...tail].reduce((sum, group) => sum * 65_536n + group, 0n);
}

function groupsOf(text: string): readonly bigint[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => {
    if (!group.includes('.')) return [BigInt(`0x${group}`)];
    const value = v4Value(group);
    return [value >> 16n, value & 0xffffn];
  });
}
