import { BuiltinError, type BuiltinTable, type Spend } from '../../builtin.ts';
import { isArray, RegoObject, RegoSet, type RegoValue } from '../../value.ts';
import { type CidrBlock, contains, formatCidr, formatIp, parseCidr, parseIp } from './block.ts';
import { mergeBlocks } from './merge.ts';
import { membersOf, stringOperand } from '../operands.ts';

/** OPA v1/topdown/cidr.go: what of it the WASM module leaves to its host. */
export const cidrBuiltins: BuiltinTable = {
  'net.cidr_is_valid': (_call, cidr) => typeof cidr === 'string' && parseCidr(cidr) !== undefined,
  'net.cidr_expand': ({ spend }, cidr) => expanded(blockOperand(cidr), spend),
  'net.cidr_contains_matches': ({ spend }, blocks, inner) => containedPairs(blocks, inner, spend),
  'net.cidr_merge': ({ spend }, blocks) => merged(blocks, spend),
};

function blockOperand(value: RegoValue): CidrBlock {
  const block = parseCidr(stringOperand(value, 1));
  if (block === undefined) throw new BuiltinError('invalid CIDR address');
  return block;
}

function expanded(block: CidrBlock, spend: Spend): RegoSet {
  const count = 2 ** (block.width - block.prefix);
  spend(200 * count);
  const addresses = Array.from({ length: count }, (_, at) =>
    formatIp({ width: block.width, bits: block.bits + BigInt(at) }),
  );
  return RegoSet.of(addresses);
}

/** Pairs of where a block was found and where an address or a block within it was. */
function containedPairs(blocks: RegoValue, inner: RegoValue, spend: Spend): RegoSet {
  const [outer, wanted] = [indexed(blocks), indexed(inner)];
  // OPA reads what it compares: with nothing to compare, nothing can be wrong.
  if (outer.length === 0 || wanted.length === 0) return RegoSet.of([]);
  const addresses = wanted.map(([index, address]) => [index, innerOperand(address)] as const);
  const pairs: RegoValue[] = [];
  for (const [index, cidr] of outer) {
    spend(50 * addresses.length);
    const block = blockOperand(cidr);
    for (const [innerIndex, address] of addresses) {
      if (contains(block, address)) pairs.push([index, innerIndex]);
    }
  }
  return RegoSet.of(pairs);
}

function innerOperand(value: RegoValue): ReturnType<typeof blockOperand | typeof parseIp> & object {
  return parseIp(stringOperand(value, 1)) ?? blockOperand(value);
}

/** What stands for a member of the collection in the answer, and its address. */
function indexed(value: RegoValue): (readonly [index: RegoValue, address: RegoValue])[] {
  if (typeof value === 'string') return [[value, value]];
  if (isArray(value)) return value.map((member, at) => [at, addressOf(member)] as const);
  if (value instanceof RegoSet) return value.values.map((one) => [one, addressOf(one)] as const);
  if (value instanceof RegoObject) {
    return value.entries.map(([key, held]) => [key, addressOf(held)] as const);
  }
  return [];
}

/** A member is an address, or a list that begins with one. */
function addressOf(member: RegoValue): RegoValue {
  if (typeof member === 'string') return member;
  const first = isArray(member) ? member[0] : undefined;
  if (first !== undefined) return first;
  throw new BuiltinError('element must be string or non-empty array');
}

function merged(blocks: RegoValue, spend: Spend): RegoSet {
  const members = membersOf(blocks);
  if (members === undefined) throw new BuiltinError('operand must be an array');
  spend(500 * members.length);
  return RegoSet.of(mergeBlocks(members.map(networkOf)).map(formatCidr));
}

/** An IPv4 address without a prefix has that of its class (Go's IP.DefaultMask), and its own bits. */
function networkOf(member: RegoValue): CidrBlock {
  if (typeof member !== 'string') throw new BuiltinError('element must be string');
  const address = parseIp(member);
  if (address === undefined) return blockOperand(member);
  if (address.width === 128) throw new BuiltinError('IPv6 invalid: needs prefix length');
  const firstByte = Number(address.bits >> 24n);
  const prefix = firstByte < 0x80 ? 8 : firstByte < 0xc0 ? 16 : 24;
  return { ...address, prefix };
}
