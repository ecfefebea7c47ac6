import { BuiltinError, type BuiltinCall } from '../../builtin.ts';
import { isNumber, type RegoObject, type RegoValue } from '../../value.ts';
import { exactInteger } from '../exact-number.ts';
import { membersOf } from '../operands.ts';
import type { ChainOptions } from './chain.ts';

const serverAuth = 1;

export function defaultChainOptions({ nowNs, spend }: BuiltinCall): ChainOptions {
  return { timeMs: Number(nowNs / 1_000_000n), name: '', keyUsages: [serverAuth], spend };
}

type OptionReader = (value: RegoValue) => Partial<ChainOptions>;

const optionReaders: ReadonlyMap<RegoValue, OptionReader> = new Map<RegoValue, OptionReader>([
  ['DNSName', (value) => ({ name: unquoted(text(value, 'DNSName')) })],
  ['CurrentTime', (value) => ({ timeMs: Number(integer(value, 'CurrentTime') / 1_000_000n) })],
  ['MaxConstraintComparisons', checkComparisons],
  ['KeyUsages', readKeyUsages],
]);

/** Throws a BuiltinError for an option that is unknown or of the wrong type. */
export function readChainOptions(call: BuiltinCall, options: RegoObject): ChainOptions {
  const read = options.entries.map(([name, value]) => {
    const reader = optionReaders.get(name);
    if (reader === undefined) throw new BuiltinError('invalid key option');
    return reader(value);
  });
  return read.reduce<ChainOptions>((all, one) => ({ ...all, ...one }), defaultChainOptions(call));
}

/** Name constraints are not compared (see verifyChain): the bound on that is only checked. */
function checkComparisons(value: RegoValue): Partial<ChainOptions> {
  integer(value, 'MaxConstraintComparisons');
  return {};
}

/** By Go's numbers for them. */
const keyUsageNames = [
  'KeyUsageAny',
  'KeyUsageServerAuth',
  'KeyUsageClientAuth',
  'KeyUsageCodeSigning',
  'KeyUsageEmailProtection',
  'KeyUsageIPSECEndSystem',
  'KeyUsageIPSECTunnel',
  'KeyUsageIPSECUser',
  'KeyUsageTimeStamping',
  'KeyUsageOCSPSigning',
  'KeyUsageMicrosoftServerGatedCrypto',
  'KeyUsageNetscapeServerGatedCrypto',
  'KeyUsageMicrosoftCommercialCodeSigning',
  'KeyUsageMicrosoftKernelCodeSigning',
];

/** What is no text is passed over; without usages the default stays. */
function readKeyUsages(value: RegoValue): Partial<ChainOptions> {
  const names = membersOf(value)?.filter((name) => typeof name === 'string');
  if (names === undefined) throw new BuiltinError("'KeyUsages' should be an Array or Set");
  const keyUsages = names.map((name) => keyUsageNames.indexOf(unquoted(name)));
  if (keyUsages.includes(-1)) throw new BuiltinError("invalid entries for 'KeyUsages' found");
  return keyUsages.length === 0 ? {} : { keyUsages };
}

function text(value: RegoValue, name: string): string {
  if (typeof value === 'string') return value;
  throw new BuiltinError(`'${name}' should be a string`);
}

function integer(value: RegoValue, name: string): bigint {
  const read = isNumber(value) ? exactInteger(value) : undefined;
  if (read !== undefined && BigInt.asIntN(64, read) === read) return read;
  throw new BuiltinError(`'${name}' should be a valid int64 number`);
}

function unquoted(quoted: string): string {
  return quoted.replaceAll('"', '');
}
