import { type FormatFlags, pad, positiveSign } from './printf-flags.ts';
import { characterOf, isPrintable, quoteCharacter } from './quote.ts';

interface Base {
  readonly radix: number;
  readonly prefix: string;
}

const bases: Readonly<Record<string, Base>> = {
  v: { radix: 10, prefix: '' },
  d: { radix: 10, prefix: '' },
  b: { radix: 2, prefix: '0b' },
  o: { radix: 8, prefix: '0' },
  O: { radix: 8, prefix: '0o' },
  x: { radix: 16, prefix: '0x' },
  X: { radix: 16, prefix: '0X' },
};

/** An int64. Undefined for a verb that integers do not have. */
export function formatInteger(value: bigint, verb: string, flags: FormatFlags): string | undefined {
  const base = bases[verb];
  if (base !== undefined) return digitsOf(value, verb, base, flags);
  const unsigned = BigInt.asUintN(64, value);
  // Go looks at the lower 32 bits only, unless the number is beyond all characters.
  const codePoint = unsigned > 0x10ffffn ? 0xfffd : Number(unsigned);
  switch (verb) {
    case 'c':
      return pad(characterOf(codePoint), flags);
    case 'q':
      return pad(quoteCharacter(codePoint, flags.plus), flags);
    case 'U':
      return pad(unicode(unsigned, flags), { ...flags, zero: false });
    default:
      return undefined;
  }
}

function digitsOf(value: bigint, verb: string, base: Base, flags: FormatFlags): string {
  const spaces = { ...flags, zero: false };
  if (flags.precision === 0 && value === 0n) return pad('', spaces);
  const sign = value < 0n ? '-' : positiveSign(flags);
  const digits = magnitudeText(value, verb, base).padStart(leastDigits(sign, flags), '0');
  return pad(sign + prefixOf(digits, verb, base, flags) + digits, spaces);
}

/** Zeros fill the width, but for the sign; a prefix comes on top of it. */
function leastDigits(sign: string, { precision, zero, minus, width = 0 }: FormatFlags): number {
  if (precision !== undefined) return precision;
  return zero && !minus ? width - sign.length : 0;
}

function prefixOf(digits: string, verb: string, base: Base, { sharp }: FormatFlags): string {
  if (verb === 'O') return sharp && !digits.startsWith('0') ? '0o0' : '0o';
  if (!sharp) return '';
  return verb === 'o' && digits.startsWith('0') ? '' : base.prefix;
}

function magnitudeText(value: bigint, verb: string, base: Base): string {
  const text = (value < 0n ? -value : value).toString(base.radix);
  return verb === 'X' ? text.toUpperCase() : text;
}

function unicode(codePoint: bigint, { precision = 4, sharp }: FormatFlags): string {
  const hex = codePoint.toString(16).toUpperCase().padStart(Math.max(precision, 4), '0');
  const character = codePoint <= 0x10ffffn ? characterOf(Number(codePoint)) : '';
  return `U+${hex}${sharp && isPrintable(character) ? ` '${character}'` : ''}`;
}

/** A `*big.Int` writes itself: it has fewer verbs, and says so in its own way. */
export function formatBigInteger(value: bigint, verb: string, flags: FormatFlags): string {
  const base = bases[verb === 's' ? 'd' : verb];
  if (base === undefined) return `%!${verb}(big.Int=${value})`;
  const sign = value < 0n ? '-' : positiveSign(flags);
  const prefix = verb === 'O' || flags.sharp ? base.prefix : '';
  const digits = magnitudeText(value, verb, base).padStart(flags.precision ?? 0, '0');
  const room = (flags.width ?? 0) - sign.length - prefix.length;
  const filled =
    flags.zero && !flags.minus && flags.precision === undefined
      ? digits.padStart(room, '0')
      : digits;
  return pad(sign + prefix + filled, { ...flags, zero: false });
}
