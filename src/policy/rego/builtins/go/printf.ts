import type { Spend } from '../../builtin.ts';
import type { FormatFlags } from './printf-flags.ts';
import { formatArgument, type GoValue, typeOf } from './printf-value.ts';

/** Go's fmt.Sprintf, with what it says about formats and arguments that do not fit together. */
export function sprintf(format: string, args: readonly GoValue[], spend: Spend): string {
  return new Printer(format, args, spend).print();
}

/** What a directive takes, and each character that it writes: a format can ask for any padding. */
const unitsPerDirective = 300;
const unitsPerCharacter = 10;

/** Go takes no larger width, precision or argument number. */
const maxNumber = 1e6;

class Printer {
  readonly #format: string;
  readonly #args: readonly GoValue[];
  readonly #spend: Spend;
  #text = '';
  #at = 0;
  #argument = 0;
  /** Some directive named its argument: then arguments that are left over are no mistake. */
  #reordered = false;
  #goodArgument = true;

  constructor(format: string, args: readonly GoValue[], spend: Spend) {
    this.#format = format;
    this.#args = args;
    this.#spend = spend;
  }

  print(): string {
    const format = this.#format;
    while (this.#at < format.length) {
      const percent = format.indexOf('%', this.#at);
      const end = percent < 0 ? format.length : percent;
      this.#write(format.slice(this.#at, end));
      this.#at = end + 1;
      if (percent >= 0) this.#printDirective();
    }
    if (!this.#reordered && this.#argument < this.#args.length) this.#writeExtra();
    return this.#text;
  }

  #printDirective(): void {
    this.#spend(unitsPerDirective);
    this.#goodArgument = true;
    const flags = this.#readFlags();
    const indexed = this.#readWidth(flags, this.#readIndex());
    if (!this.#readPrecision(flags, indexed)) this.#readIndex();
    const code = this.#format.codePointAt(this.#at);
    if (code === undefined) return this.#write('%!(NOVERB)');
    const verb = String.fromCodePoint(code);
    this.#at += verb.length;
    this.#printVerb(verb, flags);
  }

  #printVerb(verb: string, flags: FormatFlags): void {
    if (verb === '%') return this.#write('%');
    if (!this.#goodArgument) return this.#write(`%!${verb}(BADINDEX)`);
    const argument = this.#args[this.#argument];
    if (argument === undefined) return this.#write(`%!${verb}(MISSING)`);
    this.#argument += 1;
    return this.#write(formatArgument(argument, verb, flagsFor(verb, argument, flags)));
  }

  #readFlags(): FormatFlags {
    const flags: FormatFlags = {
      plus: false,
      minus: false,
      sharp: false,
      space: false,
      zero: false,
      sharpValue: false,
      width: undefined,
      precision: undefined,
    };
    for (; this.#at < this.#format.length; this.#at += 1) {
      const name = flagNames[this.#format[this.#at] ?? ''];
      if (name === undefined) break;
      flags[name] = true;
    }
    return flags;
  }

  /** Gives whether an index stands right before what comes next. */
  #readWidth(flags: FormatFlags, indexed: boolean): boolean {
    if (this.#format[this.#at] === '*') {
      this.#at += 1;
      const width = this.#takeInteger();
      if (width === undefined) this.#write('%!(BADWIDTH)');
      else if (width < 0) Object.assign(flags, { minus: true, zero: false });
      flags.width = width === undefined ? undefined : Math.abs(width);
      return false;
    }
    flags.width = this.#readNumber();
    if (indexed && flags.width !== undefined) this.#goodArgument = false;
    return indexed;
  }

  #readPrecision(flags: FormatFlags, indexed: boolean): boolean {
    // A point at the very end is the verb that is missing.
    if (this.#format[this.#at] !== '.' || this.#at + 1 >= this.#format.length) return indexed;
    this.#at += 1;
    if (indexed) this.#goodArgument = false;
    const named = this.#readIndex();
    if (this.#format[this.#at] !== '*') {
      flags.precision = this.#readNumber() ?? 0;
      return named;
    }
    this.#at += 1;
    const precision = this.#takeInteger();
    flags.precision = precision !== undefined && precision >= 0 ? precision : undefined;
    if (flags.precision === undefined) this.#write('%!(BADPREC)');
    return false;
  }

  /** `[3]`: the next argument's number, from 1. */
  #readIndex(): boolean {
    if (this.#format[this.#at] !== '[') return false;
    this.#reordered = true;
    this.#spend((this.#format.length - this.#at) / 32);
    const close = this.#format.indexOf(']', this.#at);
    if (close < 0 || this.#format.length - this.#at < 3) {
      this.#goodArgument = false;
      this.#at += 1;
      return false;
    }
    const text = this.#format.slice(this.#at + 1, close);
    this.#at = close + 1;
    const number = /^\d+$/.test(text) && Number(text) <= maxNumber * 10 ? Number(text) : undefined;
    if (number !== undefined && number >= 1 && number <= this.#args.length) {
      this.#argument = number - 1;
      return true;
    }
    this.#goodArgument = false;
    return number !== undefined;
  }

  #readNumber(): number | undefined {
    const digits = /\d*/y;
    digits.lastIndex = this.#at;
    const [text = ''] = digits.exec(this.#format) ?? [];
    if (text === '') return undefined;
    this.#at += text.length;
    if (Number(text.slice(0, -1)) <= maxNumber) return Number(text);
    // Go gives up on the whole format.
    this.#at = this.#format.length;
    return undefined;
  }

  /** The next argument, when it is an integer of reasonable size; it is taken in any case. */
  #takeInteger(): number | undefined {
    const argument = this.#args[this.#argument];
    if (argument === undefined) return undefined;
    this.#argument += 1;
    const integer = argument.kind === 'int' ? Number(argument.value) : NaN;
    return Math.abs(integer) <= maxNumber ? integer : undefined;
  }

  #writeExtra(): void {
    const plain = this.#readFlags();
    const extra = this.#args
      .slice(this.#argument)
      .map((argument) => `${typeOf(argument)}=${formatArgument(argument, 'v', plain)}`);
    this.#write(`%!(EXTRA ${extra.join(', ')})`);
  }

  #write(text: string): void {
    this.#spend(text.length * unitsPerCharacter);
    this.#text += text;
  }
}

const flagNames: Readonly<Record<string, 'plus' | 'minus' | 'sharp' | 'space' | 'zero'>> = {
  '+': 'plus',
  '-': 'minus',
  '#': 'sharp',
  ' ': 'space',
  '0': 'zero',
};

/** `%#v` and `%+v` are verbs of their own, in which the flags no longer mean what they say. */
function flagsFor(verb: string, argument: GoValue, flags: FormatFlags): FormatFlags {
  if (verb !== 'v' && verb !== 'w') return flags;
  const plus = flags.plus && argument.kind === 'big';
  return { ...flags, sharp: false, plus, sharpValue: flags.sharp };
}
