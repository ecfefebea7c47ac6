import { type FloatVerb, formatFloat } from './float.ts';
import { type FormatFlags, pad, positiveSign } from './printf-flags.ts';
import { formatBigInteger, formatInteger } from './printf-integer.ts';
import { canBackquote, quote } from './quote.ts';

/** An argument of Sprintf as OPA passes it; integers beyond 64 bits are `*big.Int`. */
export type GoValue =
  | { readonly kind: 'int'; readonly value: bigint }
  | { readonly kind: 'big'; readonly value: bigint }
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'string'; readonly value: string };

const types = { int: 'int64', big: '*big.Int', float: 'float64', string: 'string' } as const;

export function typeOf(value: GoValue): string {
  return types[value.kind];
}

export function formatArgument(value: GoValue, verb: string, flags: FormatFlags): string {
  if (verb === 'T') return formatString(typeOf(value), 's', flags) ?? '';
  return formatKind(value, verb, flags) ?? badVerb(value, verb, flags);
}

/** Undefined for a verb that the kind does not have. */
function formatKind(value: GoValue, verb: string, flags: FormatFlags): string | undefined {
  if (value.kind === 'int') return formatInteger(value.value, verb, flags);
  if (value.kind === 'big') return formatBigInteger(value.value, verb, flags);
  if (value.kind === 'float') return formatDouble(value.value, verb, flags);
  return formatString(value.value, verb, flags);
}

function badVerb(value: GoValue, verb: string, flags: FormatFlags): string {
  return `%!${verb}(${typeOf(value)}=${formatKind(value, 'v', flags) ?? ''})`;
}

function formatString(text: string, verb: string, flags: FormatFlags): string | undefined {
  switch (verb) {
    case 'v':
      return flags.sharpValue ? quoted(text, flags) : pad(truncated(text, flags), flags);
    case 's':
      return pad(truncated(text, flags), flags);
    case 'q':
      return quoted(text, flags);
    case 'x':
      return hexText(text, flags);
    case 'X':
      return hexText(text, flags).toUpperCase();
    default:
      return undefined;
  }
}

function truncated(text: string, { precision }: FormatFlags): string {
  return precision === undefined ? text : Array.from(text).slice(0, precision).join('');
}

function quoted(text: string, flags: FormatFlags): string {
  const kept = truncated(text, flags);
  const literal = flags.sharp && canBackquote(kept) ? `\`${kept}\`` : quote(kept, flags.plus);
  return pad(literal, flags);
}

/** The bytes; `% x` parts them, and `%# x` marks each. */
function hexText(text: string, flags: FormatFlags): string {
  const bytes = Buffer.from(text).subarray(0, flags.precision);
  const mark = flags.sharp ? '0x' : '';
  const hex = flags.space
    ? Array.from(bytes, (byte) => mark + byte.toString(16).padStart(2, '0')).join(' ')
    : mark + bytes.toString('hex');
  return pad(bytes.length === 0 ? '' : hex, flags);
}

const floatVerbs: Readonly<Record<string, readonly [verb: FloatVerb, precision: number]>> = {
  v: ['g', -1],
  b: ['b', -1],
  g: ['g', -1],
  G: ['g', -1],
  x: ['x', -1],
  X: ['x', -1],
  f: ['f', 6],
  F: ['f', 6],
  e: ['e', 6],
  E: ['e', 6],
};

function formatDouble(value: number, verb: string, flags: FormatFlags): string | undefined {
  const known = floatVerbs[verb];
  if (known === undefined) return undefined;
  const [formatVerb, usual] = known;
  const precision = flags.precision ?? usual;
  const lower = formatFloat(value, formatVerb, precision);
  const written = 'EGX'.includes(verb) ? lower.toUpperCase() : lower;
  const negative = written.startsWith('-');
  const magnitude = negative ? written.slice(1) : written;
  const number =
    flags.sharp && formatVerb !== 'b' ? withPoint(magnitude, verb, precision) : magnitude;
  const sign = negative ? '-' : positiveSign(flags);
  const zeros = (flags.width ?? 0) - sign.length - number.length;
  if (flags.zero && !flags.minus && sign !== '' && zeros > 0)
    return sign + '0'.repeat(zeros) + number;
  return pad(sign + number, flags);
}

/** `%#g`: the point always, and the zeros at the end. */
function withPoint(number: string, verb: string, precision: number): string {
  const isHex = verb === 'x' || verb === 'X';
  const [, mantissa = '', tail = ''] =
    (isHex ? /^(.*?)([pP].*)?$/ : /^(.*?)([eE].*)?$/).exec(number) ?? [];
  const counted = 'vgGx'.includes(verb) ? (precision === -1 ? 6 : precision) : 0;
  const significant = mantissa.replace('.', '').replace(/^0+/, '').length;
  const used = mantissa === '0' ? 1 : significant;
  const missing = Math.max(counted - used, 0);
  return `${mantissa}${mantissa.includes('.') ? '' : '.'}${'0'.repeat(missing)}${tail}`;
}
