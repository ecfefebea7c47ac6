import { BuiltinError, BuiltinHalt, type BuiltinTable } from '../builtin.ts';
import { isArray, RegoObject, RegoSet, type RegoValue } from '../value.ts';
import {
  type CidrBlock,
  contains,
  formatCidr,
  formatIp,
  parseCidr,
  parseIp,
} from './cidr-block.ts';
import { mergeBlocks } from './cidr-merge.ts';
import { membersOf, stringOperand } from './operands.ts';

/** OPA v1/topdown/cidr.go: what of it the WASM module leaves to its host. */
export const cidrBuiltins: BuiltinTable = {
  'net.cidr_is_valid': (_call, cidr) => typeof cidr === 'string' && parseCidr(cidr) !== undefined,
  'net.cidr_expand': (_call, cidr) => expanded(blockOperand(cidr)),
  'net.cidr_contains_matches': (_call, blocks, inner) => containedPairs(blocks, inner),
  'net.cidr_merge': (_call, blocks) => merged(blocks),
};

function blockOperand(value: RegoValue): CidrBlock {
  const block = parseCidr(stringOperand(value, 1));
  if (block === undefined) throw new BuiltinError('invalid CIDR address');
  return block;
}

/** OPA goes on until the query is cancelled. */
const maxExpandedBits = 16;

function expanded(block: CidrBlock): RegoSet {
  const host = block.width - block.prefix;
  if (host > maxExpandedBits) throw new BuiltinHalt('net.cidr_expand: too many IP addresses');
  const addresses = Array.from({ length: 2 ** host }, (_, at) =>
    formatIp({ width: block.width, bits: block.bits + BigInt(at) }),
  );
  return RegoSet.of(addresses);
}

/** Pairs of where a block was found and where an address or a block within it was. */
function containedPairs(blocks: RegoValue, inner: RegoValue): RegoSet {
  const pairs: RegoValue[] = [];
  const wanted = indexed(inner);
  for (const [index, cidr] of indexed(blocks)) {
    for (const [innerIndex, address] of wanted) {
      if (contains(blockOperand(cidr), innerOperand(address))) pairs.push([index, innerIndex]);
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

function merged(blocks: RegoValue): RegoSet {
  const members = membersOf(blocks);
  if (members === undefined) throw new BuiltinError('operand must be an array');
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
