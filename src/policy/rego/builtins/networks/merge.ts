import { type CidrBlock, lastOf } from './block.ts';

/**
 * Blocks that overlap or follow each other become the fewest blocks that cover the same. IPv4 lies
 * within IPv6, at `::ffff:0:0/96`, so `::/1` takes in all of it.
 */
export function mergeBlocks(blocks: readonly CidrBlock[]): CidrBlock[] {
  const runs = blocks
    .map(runOf)
    .toSorted((a, b) => order(a.last, b.last) || order(a.first, b.first));
  const merged: Run[] = [];
  for (let run = runs.pop(); run !== undefined; run = runs.pop()) {
    const before = runs.at(-1);
    if (before !== undefined && previousOf(run.first) <= before.last) {
      const first = before.first < run.first ? before.first : run.first;
      runs[runs.length - 1] = { first, last: run.last, block: undefined };
    } else {
      merged.push(run);
    }
  }
  return merged.flatMap(blocksOf);
}

interface Run {
  readonly first: bigint;
  readonly last: bigint;
  /** The block that alone makes the run, as it was written. */
  readonly block: CidrBlock | undefined;
}

const firstIpv4 = 0xffff00000000n;
const lastIpv4 = 0xffffffffffffn;

function runOf(block: CidrBlock): Run {
  const base = block.width === 32 ? firstIpv4 : 0n;
  const host = BigInt(block.width - block.prefix);
  return { first: base + ((block.bits >> host) << host), last: base + lastOf(block), block };
}

/** Nothing comes before the first address of either kind. */
function previousOf(address: bigint): bigint {
  return address === 0n || address === firstIpv4 ? address : address - 1n;
}

function order(a: bigint, b: bigint): number {
  return a < b ? -1 : Number(a > b);
}

function blocksOf({ first, last, block }: Run): CidrBlock[] {
  if (block !== undefined) return [block];
  const [width, base] =
    first >= firstIpv4 && last <= lastIpv4 ? [32 as const, firstIpv4] : [128 as const, 0n];
  const blocks: CidrBlock[] = [];
  for (let at = first - base; at <= last - base;) {
    let host = 0;
    while (host < width && fits(at, host + 1, last - base)) host += 1;
    blocks.push({ width, bits: at, prefix: width - host });
    at += 1n << BigInt(host);
  }
  return blocks;
}

/** Whether a block of that many host bits begins here and ends within the run. */
function fits(first: bigint, hostBits: number, last: bigint): boolean {
  const size = 1n << BigInt(hostBits);
  return first % size === 0n && first + size - 1n <= last;
}
