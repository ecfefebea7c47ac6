/** A verb of Go's strconv.FormatFloat. */
export type FloatVerb = 'b' | 'e' | 'f' | 'g' | 'x';

/** Go's strconv.FormatFloat for 64 bits: exact, and half to even; precision -1 is the shortest. */
export function formatFloat(value: number, verb: FloatVerb, precision: number): string {
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  return sign + writers[verb](Math.abs(value), precision);
}

const writers: Readonly<Record<FloatVerb, (magnitude: number, precision: number) => string>> = {
  b: binary,
  e: (magnitude, precision) =>
    exponential(decimalOf(magnitude, precision, precision + 1), precision),
  f: fixed,
  g: general,
  x: hexadecimal,
};

/** 0.DIGITS × 10^point; zero has the digits `0` and the point 1. */
interface DecimalDigits {
  readonly digits: string;
  readonly point: number;
}

/** The shortest digits that read back as the value, or that many significant ones. */
function decimalOf(magnitude: number, precision: number, significant: number): DecimalDigits {
  return precision < 0 ? shortest(magnitude) : rounded(exact(magnitude), significant);
}

function shortest(magnitude: number): DecimalDigits {
  const [mantissa = '0', exponent = '0'] = magnitude.toExponential().split('e');
  return { digits: mantissa.replace('.', ''), point: Number(exponent) + 1 };
}

function exact(magnitude: number): DecimalDigits {
  if (magnitude === 0) return { digits: '0', point: 1 };
  const { mantissa, exponent } = binaryParts(magnitude);
  const digits = String(
    exponent < 0 ? mantissa * 5n ** BigInt(-exponent) : mantissa << BigInt(exponent),
  );
  return { digits, point: digits.length + Math.min(exponent, 0) };
}

/** Half to even; a count below zero leaves nothing. */
function rounded({ digits, point }: DecimalDigits, count: number): DecimalDigits {
  if (count >= digits.length) return { digits, point };
  if (count < 0) return { digits: '', point };
  const kept = digits.slice(0, count);
  const next = digits[count] ?? '0';
  const odd = Number(kept.at(-1) ?? '0') % 2 === 1;
  const isHalf = next === '5' && /^0*$/.test(digits.slice(count + 1));
  if (isHalf ? !odd : next < '5') return { digits: kept, point };
  const up = String(BigInt(`0${kept}`) + 1n).padStart(count, '0');
  return up.length > count ? { digits: up, point: point + 1 } : { digits: up, point };
}

function exponential({ digits, point }: DecimalDigits, precision: number): string {
  const fraction = precision < 0 ? digits.slice(1) : digits.slice(1, precision + 1);
  const padded = precision < 0 ? fraction : fraction.padEnd(precision, '0');
  const exponent = Number(digits) === 0 ? 0 : point - 1;
  return `${digits[0] ?? '0'}${padded === '' ? '' : `.${padded}`}e${signed(exponent)}`;
}

function signed(exponent: number): string {
  return `${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
}

function fixed(magnitude: number, precision: number): string {
  const whole = precision < 0 ? shortest(magnitude) : exact(magnitude);
  const { digits, point } = precision < 0 ? whole : rounded(whole, whole.point + precision);
  const integer = point > 0 ? digits.slice(0, point).padEnd(point, '0') : '0';
  const fraction = point > 0 ? digits.slice(point) : `${'0'.repeat(-point)}${digits}`;
  if (precision < 0) {
    return fraction === '' || Number(digits) === 0 ? integer : `${integer}.${fraction}`;
  }
  return precision === 0
    ? integer
    : `${integer}.${fraction.slice(0, precision).padEnd(precision, '0')}`;
}

/** With an exponent when it is below -4, or not below the precision; 6 for the shortest. */
function general(magnitude: number, precision: number): string {
  const wanted = precision === 0 ? 1 : precision;
  const { digits, point } = decimalOf(magnitude, wanted, wanted);
  const kept = wanted < 0 ? digits : digits.replace(/0+$/, '') || '0';
  const limit = exponentLimit(wanted, kept.length, point);
  const exponent = point - 1;
  if (magnitude !== 0 && (exponent < -4 || exponent >= limit)) {
    return exponential({ digits: kept, point }, kept.length - 1);
  }
  return plain({ digits: kept, point });
}

function exponentLimit(precision: number, digits: number, point: number): number {
  if (precision < 0) return 6;
  return precision > digits && digits >= point ? digits : precision;
}

function plain({ digits, point }: DecimalDigits): string {
  if (point <= 0) return `0.${'0'.repeat(-point)}${digits}`;
  if (digits.length <= point) return digits.padEnd(point, '0');
  return `${digits.slice(0, point)}.${digits.slice(point)}`;
}

interface BinaryParts {
  readonly mantissa: bigint;
  readonly exponent: number;
}

/** mantissa × 2^exponent, with 53 bits of mantissa unless the value is subnormal. */
function binaryParts(magnitude: number): BinaryParts {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, magnitude);
  const bits = view.getBigUint64(0);
  const biased = Number(bits >> 52n);
  const fraction = bits & 0xfffffffffffffn;
  return biased === 0
    ? { mantissa: fraction, exponent: -1074 }
    : { mantissa: fraction | (1n << 52n), exponent: biased - 1075 };
}

function binary(magnitude: number): string {
  const { mantissa, exponent } = binaryParts(magnitude);
  return `${mantissa}p${exponent < 0 ? '' : '+'}${exponent}`;
}

/** 0x1.8p+01: one bit, then the fraction in hexadecimal, half to even. */
function hexadecimal(magnitude: number, precision: number): string {
  if (magnitude === 0) return `0x0${precision > 0 ? `.${'0'.repeat(precision)}` : ''}p+00`;
  const parts = binaryParts(magnitude);
  const shift = 53 - parts.mantissa.toString(2).length;
  let mantissa = parts.mantissa << BigInt(shift);
  let exponent = parts.exponent - shift + 52;
  if (precision >= 0 && precision < 13) {
    const dropped = BigInt((13 - precision) * 4);
    const rest = mantissa & ((1n << dropped) - 1n);
    const half = 1n << (dropped - 1n);
    mantissa >>= dropped;
    if (rest > half || (rest === half && mantissa % 2n === 1n)) mantissa += 1n;
    mantissa <<= dropped;
    if (mantissa >> 53n > 0n) [mantissa, exponent] = [mantissa >> 1n, exponent + 1];
  }
  const hex = mantissa.toString(16).slice(1);
  const fraction =
    precision < 0 ? hex.replace(/0+$/, '') : hex.slice(0, precision).padEnd(precision, '0');
  return `0x1${fraction === '' ? '' : `.${fraction}`}p${signed(exponent)}`;
}
