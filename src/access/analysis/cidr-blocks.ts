import { addressBytes } from '../../domain/ip-address.ts';
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
  const bytes = addressBytes(address);
  const width = 8 * bytes.length;
  const bits = Number(length);
  return { width, prefix: BigInt(`0x${bytes.toString('hex')}`) >> BigInt(width - bits), bits };
}
