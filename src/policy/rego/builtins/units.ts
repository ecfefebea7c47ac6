import { BuiltinError, type BuiltinTable, type Spend } from '../builtin.ts';
import { readNumber, type RegoNumber } from '../number.ts';
import { digitUnits, integerNumber, readDecimal, type Scaled } from './exact-number.ts';
import { stringOperand } from './operands.ts';

/** OPA v1/topdown/parse_units.go and parse_bytes.go. */
export const unitBuiltins: BuiltinTable = {
  'units.parse': ({ spend }, text) => parseUnits(stringOperand(text, 1), spend),
  'units.parse_bytes': ({ spend }, text) => parseBytes(stringOperand(text, 1), spend),
};

const letters = ['k', 'm', 'g', 't', 'p', 'e'];

/** OPA takes 0.001 for a milli, and with it the double that is a little more. */
const milli = { numerator: 1152921504606847n, denominator: 1152921504606846976n };

function parseUnits(text: string, spend: Spend): RegoNumber {
  const { amount, unit } = readQuantity(text, 'units.parse', spend);
  const [numerator, denominator] = ratioOf(amount);
  if (unit === 'm') {
    return rounded(numerator * milli.numerator, denominator * milli.denominator);
  }
  const factor = /^[kmgtpe]?i?$/i.test(unit) ? factorOf(unit.toLowerCase()) : undefined;
  if (factor === undefined) throw unknownUnit('units.parse', unit);
  return rounded(numerator * factor, denominator);
}

/** An integer as it is; else with ten digits after the point. */
function rounded(numerator: bigint, denominator: bigint): RegoNumber {
  if (numerator % denominator === 0n) return integerNumber(numerator / denominator);
  const scaled = divideHalfUp(numerator * 10n ** 10n, denominator);
  const digits = String(scaled < 0n ? -scaled : scaled).padStart(11, '0');
  return readNumber(`${scaled < 0n ? '-' : ''}${digits.slice(0, -10)}.${digits.slice(-10)}`);
}

function divideHalfUp(numerator: bigint, denominator: bigint): bigint {
  const doubled = 2n * (numerator < 0n ? -numerator : numerator) + denominator;
  const quotient = doubled / (2n * denominator);
  return numerator < 0n ? -quotient : quotient;
}

function parseBytes(text: string, spend: Spend): RegoNumber {
  const { amount, unit } = readQuantity(text.toLowerCase(), 'units.parse_bytes', spend);
  const name = unit.endsWith('b') && unit.length > 1 ? unit.slice(0, -1) : unit;
  const factor = factorOf(name);
  if (factor === undefined) throw unknownUnit('units.parse_bytes', unit);
  const [numerator, denominator] = ratioOf(amount);
  const kept = keepBits(numerator, denominator);
  const product = keepBits(kept[0] * factor, kept[1]);
  return integerNumber(product[0] / product[1]);
}

/** What Go's big.Float keeps of a number unless told otherwise. */
const mantissaBits = 64;

/** The nearest number with a mantissa of 64 bits; of two equally near the even one. */
function keepBits(numerator: bigint, denominator: bigint): readonly [bigint, bigint] {
  if (numerator === 0n) return [0n, 1n];
  const magnitude = numerator < 0n ? -numerator : numerator;
  let shift = bitLength(magnitude) - bitLength(denominator) - mantissaBits;
  if (scaledDown(magnitude, denominator, shift)[0] >> BigInt(mantissaBits) > 0n) shift += 1;
  const [quotient, remainder, divisor] = scaledDown(magnitude, denominator, shift);
  const half = 2n * remainder - divisor;
  const roundsUp = half > 0n || (half === 0n && quotient % 2n === 1n);
  const mantissa = (roundsUp ? quotient + 1n : quotient) * (numerator < 0n ? -1n : 1n);
  return shift >= 0 ? [mantissa << BigInt(shift), 1n] : [mantissa, 1n << BigInt(-shift)];
}

function scaledDown(
  magnitude: bigint,
  denominator: bigint,
  shift: number,
): readonly [quotient: bigint, remainder: bigint, divisor: bigint] {
  const dividend = shift < 0 ? magnitude << BigInt(-shift) : magnitude;
  const divisor = shift > 0 ? denominator << BigInt(shift) : denominator;
  return [dividend / divisor, dividend % divisor, divisor];
}

function bitLength(magnitude: bigint): number {
  return magnitude.toString(2).length;
}

function factorOf(unit: string): bigint | undefined {
  if (unit === '') return 1n;
  const power = BigInt(letters.indexOf(unit[0] ?? '') + 1);
  if (power === 0n) return undefined;
  if (unit.length === 1) return 1000n ** power;
  return unit.slice(1) === 'i' ? 1024n ** power : undefined;
}

interface Quantity {
  readonly amount: Scaled;
  readonly unit: string;
}

/** A number in decimal notation, as far as it goes; the rest is the unit. */
const quantityPattern = /^((?:[\d.+-]|[eE][+-]?(?=\d)|[eE][+-](?!\d))*)(.*)$/su;

function readQuantity(written: string, builtin: string, spend: Spend): Quantity {
  const text = written.replaceAll('"', '');
  if (text.includes(' '))
    throw new BuiltinError(`${builtin}: spaces not allowed in resource strings`);
  const [, number = '', unit = ''] = quantityPattern.exec(text) ?? [];
  if (number === '') throw new BuiltinError(`${builtin}: no amount provided`);
  if (/e[+-]?\d{7}/i.test(number)) throw new BuiltinError(`${builtin}: exponent too large`);
  spend(digitUnits(number.length));
  const amount = readDecimal(number);
  if (amount !== undefined) spend(digitUnits(Math.abs(amount.exponent)));
  if (amount !== undefined) return { amount, unit };
  throw new BuiltinError(`${builtin}: could not parse amount to a number`);
}

function ratioOf({ digits, exponent }: Scaled): readonly [numerator: bigint, denominator: bigint] {
  const power = 10n ** BigInt(Math.abs(exponent));
  return exponent >= 0 ? [digits * power, 1n] : [digits, power];
}

function unknownUnit(builtin: string, unit: string): BuiltinError {
  return new BuiltinError(`${builtin}: unit ${unit} not recognized`);
}
