import { randomUUID } from 'node:crypto';
import type { BuiltinTable } from '../builtin.ts';
import { type RegoEntry, RegoObject } from '../value.ts';
import { writeRego } from '../text.ts';
import { integerNumber } from './exact-number.ts';
import { stringOperand } from './operands.ts';

/** OPA v1/topdown/uuid.go. */
export const uuidBuiltins: BuiltinTable = {
  'uuid.rfc4122': (call, name) => {
    const key = `uuid.rfc4122 ${writeRego(name)}`;
    const uuid = call.remembered.get(key) ?? randomUUID();
    call.remembered.set(key, uuid);
    return uuid;
  },
  'uuid.parse': (_call, text) => {
    const bytes = parseUuid(stringOperand(text, 1));
    return bytes === undefined ? undefined : RegoObject.of(describe(bytes));
  },
};

/** The forms that github.com/google/uuid reads; what stands for the braces it does not look at. */
const forms: readonly RegExp[] = [
  /^(?:urn:uuid:)?([0-9a-f]{8})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{12})$/i,
  /^[\0-\x7f]([0-9a-f]{8})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{12})[\0-\x7f]$/i,
  /^([0-9a-f]{32})$/i,
];

function parseUuid(text: string): Buffer | undefined {
  for (const form of forms) {
    const match = form.exec(text);
    if (match !== null) return Buffer.from(match.slice(1).join(''), 'hex');
  }
  return undefined;
}

function describe(uuid: Buffer): RegoEntry[] {
  const version = uuid.readUInt8(6) >> 4;
  const entries: RegoEntry[] = [
    ['version', version],
    ['variant', variantOf(uuid.readUInt8(8))],
  ];
  if (version === 1 || version === 2) entries.push(...describeNode(uuid));
  if (version === 2) entries.push(['id', uuid.readUInt32BE(0)], ['domain', domainOf(uuid)]);
  return entries;
}

function variantOf(byte: number): string {
  if ((byte & 0xc0) === 0x80) return 'RFC4122';
  if ((byte & 0xe0) === 0xc0) return 'Microsoft';
  return (byte & 0xe0) === 0xe0 ? 'Future' : 'Reserved';
}

function domainOf(uuid: Buffer): string {
  const domain = uuid.readUInt8(9);
  return ['Person', 'Group', 'Org'][domain] ?? `Domain${domain}`;
}

/** From 1582-10-15, where UUIDs count from, to 1970, in steps of 100 ns. */
const epochOffset = 0x01b21dd213814000n;

function describeNode(uuid: Buffer): RegoEntry[] {
  const low = BigInt(uuid.readUInt32BE(0));
  const middle = BigInt(uuid.readUInt16BE(4));
  const high = BigInt(uuid.readUInt16BE(6) & 0xfff);
  const time = (high << 48n) | (middle << 32n) | low;
  const nodeId = uuid.subarray(10).toString('hex').match(/../g) ?? [];
  return [
    ['time', integerNumber(BigInt.asIntN(64, (time - epochOffset) * 100n))],
    ['nodeid', nodeId.join('-')],
    ['macvariables', macVariables(uuid.readUInt8(10))],
    ['clocksequence', uuid.readUInt16BE(8) & 0x3fff],
  ];
}

function macVariables(byte: number): string {
  const scope = (byte & 2) === 0 ? 'global' : 'local';
  return `${scope}:${(byte & 1) === 0 ? 'unicast' : 'multicast'}`;
}
