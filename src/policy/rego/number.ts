/**
 * A number is a double where that is exact, an integer beyond 2^53 a bigint, and a decimal that no
 * double holds keeps its text. Each number has one representation: 1 is never 1n.
 */
export type RegoNumber = number | bigint | Decimal;

/** A decimal that a double would round, `0.1234567890123456789`, or an integer too long to write out. */
export class Decimal {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** Longer integers keep their exponent: `1e1000000` must not become a million digits. */
const maxWrittenDigits = 1000;

/**
 * Reads a number as JSON and OPA write it, `.0` too, with all of its digits. Throws a RangeError for what is no
 * number, and for an exponent that no machine could work with.
 */
export function readNumber(text: string): RegoNumber {
  if (shortInteger.test(text)) return Number(text) + 0;
  const scaled = scale(text);
  const { digits, exponent, sign } = scaled;
  if (sign === 0) return 0;
  const prefix = sign < 0 ? '-' : '';
  if (exponent >= 0 && digits.length + exponent <= maxWrittenDigits) {
    const integer = BigInt(prefix + digits + '0'.repeat(exponent));
    return isSafe(integer) ? Number(integer) : integer;
  }
  const double = Number(text);
  if (exponent < 0 && compareScaled(scaled, scale(String(double))) === 0) return double;
  return new Decimal(prefix + plain(digits, exponent));
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

function isSafe(integer: bigint): boolean {
  return integer >= Number.MIN_SAFE_INTEGER && integer <= Number.MAX_SAFE_INTEGER;
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

function plain(digits: string, exponent: number): string {
  if (exponent > 0 || exponent < -maxWrittenDigits) return `${digits}e${exponent}`;
  if (exponent === 0) return digits;
  const padded = digits.padStart(1 - exponent, '0');
  return `${padded.slice(0, exponent)}.${padded.slice(exponent)}`;
}
