/**
 * A number is a double where that says all that was written, an integer beyond 2^53 a bigint, and any
 * other keeps its text. Two numbers may be equal and not the same: `1` and `1.0`, which `sprintf` and
 * what is written out tell apart. They are compared by `compareNumbers`.
 */
export type RegoNumber = number | bigint | Decimal;

/** A number as it was written: `0.1234567890123456789`, `100.0`, `1e1000000`. */
export class Decimal {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** Longer integers stay text, for turning them into a bigint would take too long. */
const maxIntegerDigits = 1000;

/**
 * Reads a number as JSON and OPA write it, `.0` too, with all of its digits. Throws a RangeError for
 * what is no number, and for an exponent that no machine could work with.
 */
export function readNumber(text: string): RegoNumber {
  if (shortInteger.test(text)) return Number(text) + 0;
  scale(text); // Throws for what is none.
  const written = jsonNumber.test(text) ? text : asJson(text);
  if (integer.test(written)) return readInteger(written);
  const double = Number(written);
  return isExact(double) && String(double) === written ? double : new Decimal(written);
}

function readInteger(text: string): RegoNumber {
  if (text.length > maxIntegerDigits) return new Decimal(text);
  const exact = BigInt(text);
  return isSafe(exact) ? Number(exact) : exact;
}

/** Beyond, a double is an integer, and not the one whose digits it shows. */
function isExact(double: number): boolean {
  return Math.abs(double) <= Number.MAX_SAFE_INTEGER;
}

export function writeNumber(number: RegoNumber): string {
  if (number instanceof Decimal) return number.text;
  if (typeof number === 'bigint' || Number.isFinite(number)) return String(number);
  throw new RangeError(`${number} is not a number of Rego`);
}

/** By value, however large: nothing is written out that its text does not already hold. */
export function compareNumbers(a: RegoNumber, b: RegoNumber): number {
  if (!(a instanceof Decimal) && !(b instanceof Decimal)) return a < b ? -1 : Number(a > b);
  return compareScaled(scale(writeNumber(a)), scale(writeNumber(b)));
}

/** Fifteen digits are always safe. */
const shortInteger = /^-?\d{1,15}$/;
const integer = /^-?\d+$/;
const jsonNumber = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

function isSafe(exact: bigint): boolean {
  return exact >= Number.MIN_SAFE_INTEGER && exact <= Number.MAX_SAFE_INTEGER;
}

/** sign × digits × 10^exponent; the digits neither begin nor end with a zero. */
interface Scaled {
  readonly sign: -1 | 0 | 1;
  readonly digits: string;
  readonly exponent: number;
}

const parts = /^(?<minus>-?)(?<whole>\d*)(?:\.(?<fraction>\d*))?(?:[eE](?<exponent>[+-]?\d*))?$/;

function scale(text: string): Scaled {
  const groups = parts.exec(text)?.groups;
  if (groups === undefined) throw notANumber(text);
  const { minus, whole = '', fraction = '' } = groups;
  if (whole + fraction === '') throw notANumber(text);
  const written = (whole + fraction).replace(/^0+/, '');
  const length = significantLength(written);
  if (length === 0) return { sign: 0, digits: '', exponent: 0 };
  const exponent = Number(groups['exponent'] ?? 0) - fraction.length + (written.length - length);
  if (!Number.isSafeInteger(exponent)) {
    throw new RangeError(`${text.slice(0, 40)} has too large an exponent`);
  }
  return { sign: minus ? -1 : 1, digits: written.slice(0, length), exponent };
}

/** With the digits that JSON wants before and after the point, `0.0` for `.0`. */
function asJson(text: string): string {
  const { minus = '', whole = '', fraction, exponent = '' } = parts.exec(text)?.groups ?? {};
  const digits = whole.replace(/^0+(?=\d)/, '') || '0';
  const point = fraction === undefined ? '' : `.${fraction || '0'}`;
  return minus + digits + point + (exponent && `e${exponent}`);
}

function notANumber(text: string): RangeError {
  return new RangeError(`${text.slice(0, 40)} is not a number`);
}

/** Without the zeros at the end; a regular expression would search for them from each zero. */
function significantLength(digits: string): number {
  let length = digits.length;
  while (length > 0 && digits[length - 1] === '0') length -= 1;
  return length;
}

function compareScaled(a: Scaled, b: Scaled): number {
  if (a.sign !== b.sign) return Math.sign(a.sign - b.sign);
  const magnitude = a.digits.length + a.exponent - (b.digits.length + b.exponent);
  // Of two that begin at the same power of ten, the texts of their digits compare as they do.
  const order = magnitude || (a.digits < b.digits ? -1 : Number(a.digits > b.digits));
  return order === 0 ? 0 : Math.sign(order) * a.sign;
}
