import type { RegoNumber } from '../number.ts';

/** The one representation of an integer: a double up to 2^53, a bigint beyond. */
export function integerNumber(integer: bigint): RegoNumber {
  const double = Number(integer);
  return Number.isSafeInteger(double) ? double : integer;
}

/** digits × 10^exponent. */
export interface Scaled {
  readonly digits: bigint;
  readonly exponent: number;
}

/** Beyond it a number's digits would take longer to write than a policy may take. */
const maxExponent = 100_000;

const decimalPattern = /^([+-]?)(?=\.?\d)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/;

/** Reads decimal notation exactly; undefined for anything else and for exponents beyond reason. */
export function readDecimal(text: string): Scaled | undefined {
  const match = decimalPattern.exec(text);
  if (match === null) return undefined;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match;
  if (Math.abs(Number(exponent)) > maxExponent) return undefined;
  const digits = BigInt(`${whole}${fraction}`);
  return {
    digits: sign === '-' ? -digits : digits,
    exponent: Number(exponent) - fraction.length,
  };
}

/** The number as an integer; undefined when it has a fraction. */
export function exactInteger(number: RegoNumber): bigint | undefined {
  if (typeof number === 'bigint') return number;
  if (typeof number === 'number') return Number.isInteger(number) ? BigInt(number) : undefined;
  const scaled = readDecimal(number.text);
  return scaled === undefined ? undefined : integerOf(scaled);
}

function integerOf({ digits, exponent }: Scaled): bigint | undefined {
  if (exponent >= 0) return digits * 10n ** BigInt(exponent);
  const unit = 10n ** BigInt(-exponent);
  return digits % unit === 0n ? digits / unit : undefined;
}

/** The fuel for turning so many digits into a number or back, whose time grows with their square. */
export function digitUnits(digits: number): number {
  return digits ** 2 / 1000;
}
