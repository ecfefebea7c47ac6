import { BuiltinError } from '../../builtin.ts';
import { isTemplateFunction } from './functions.ts';
import type { Command, Operand, Pipeline } from './syntax.ts';

const keywords = new Set([
  'if',
  'with',
  'range',
  'else',
  'end',
  'define',
  'block',
  'template',
  'break',
  'continue',
]);

/** Reads the tokens of one action. */
export class ActionReader {
  readonly #tokens: readonly string[];
  readonly #variables: readonly string[];
  #at = 0;

  constructor(tokens: readonly string[], variables: readonly string[]) {
    this.#tokens = tokens;
    this.#variables = variables;
  }

  keyword(): string | undefined {
    this.#skipSpace();
    const token = this.#tokens[this.#at];
    if (token === undefined || !keywords.has(token)) return undefined;
    this.#at += 1;
    return token;
  }

  name(): string {
    this.#skipSpace();
    const token = this.#next();
    if (!/^["`]/.test(token)) throw unexpected(token);
    return textOf(token);
  }

  isAtEnd(): boolean {
    this.#skipSpace();
    return this.#at >= this.#tokens.length;
  }

  expectEnd(): void {
    if (!this.isAtEnd()) throw unexpected(this.#next());
  }

  pipeline(): Pipeline {
    const { variables, isDeclaration } = this.#targets();
    const commands: Command[] = [];
    do commands.push(this.#command(commands.length > 0));
    while (this.#take('|'));
    return { variables, isDeclaration, commands };
  }

  /** `$a :=`, `$a, $b :=` or `$a =` before a pipeline. */
  #targets(): Pick<Pipeline, 'variables' | 'isDeclaration'> {
    const start = this.#at;
    const variables: string[] = [];
    do {
      this.#skipSpace();
      const token = this.#tokens[this.#at] ?? '';
      if (!/^\$./.test(token)) break;
      variables.push(token);
      this.#at += 1;
    } while (variables.length < 2 && this.#take(','));
    if (variables.length > 0 && this.#take(':=')) return { variables, isDeclaration: true };
    if (variables.length > 0 && this.#take('=')) {
      variables.forEach((name) => this.#expectKnown(name));
      return { variables, isDeclaration: false };
    }
    this.#at = start;
    return { variables: [], isDeclaration: false };
  }

  #command(isPiped: boolean): Command {
    const operands: Operand[] = [];
    while (!this.isAtEnd() && !['|', ')', ','].includes(this.#tokens[this.#at] ?? '')) {
      operands.push(this.#operand());
    }
    const [first] = operands;
    const isCall = first?.kind === 'function';
    if (first === undefined || (!isCall && (operands.length > 1 || isPiped))) {
      throw new BuiltinError('template: a command is missing, or is no function');
    }
    return operands;
  }

  #operand(): Operand {
    const token = this.#next();
    if (token === '(') return this.#parenthesized();
    if (token.startsWith('$')) {
      this.#expectKnown(token);
      return { kind: 'variable', name: token, path: this.#path() };
    }
    if (token === '.') return { kind: 'field', path: [] };
    if (/^\.\D/.test(token)) return { kind: 'field', path: token.slice(1).split('.') };
    if (/^["`]/.test(token)) return { kind: 'literal', value: textOf(token) };
    if (token === 'nil') return { kind: 'nil' };
    if (token === 'true' || token === 'false') return { kind: 'literal', value: token === 'true' };
    if (isTemplateFunction(token)) return { kind: 'function', name: token };
    return { kind: 'literal', value: numberOf(token) };
  }

  #parenthesized(): Operand {
    const pipeline = this.pipeline();
    if (!this.#take(')')) throw new BuiltinError('template: unclosed left paren');
    return { kind: 'pipeline', pipeline, path: this.#path() };
  }

  #path(): string[] {
    const token = this.#tokens[this.#at] ?? '';
    if (!/^\.\D/.test(token)) return [];
    this.#at += 1;
    return token.slice(1).split('.');
  }

  #expectKnown(name: string): void {
    if (name === '$' || this.#variables.includes(name)) return;
    throw new BuiltinError(`template: undefined variable ${name}`);
  }

  #take(token: string): boolean {
    this.#skipSpace();
    if (this.#tokens[this.#at] !== token) return false;
    this.#at += 1;
    return true;
  }

  #next(): string {
    const token = this.#tokens[this.#at] ?? '';
    this.#at += 1;
    return token;
  }

  #skipSpace(): void {
    while (this.#tokens[this.#at] === ' ') this.#at += 1;
  }
}

function textOf(token: string): string {
  if (token.startsWith('`')) return token.slice(1, -1);
  return token.slice(1, -1).replace(/\\(x..|u.{4}|U.{8}|[0-7]{3}|.)/g, unescaped);
}

const shortEscapes: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
  "'": "'",
};

function unescaped(_escape: string, name: string): string {
  const short = shortEscapes[name];
  if (short !== undefined) return short;
  const digits = /^[xuU]/.test(name) ? `0x${name.slice(1)}` : `0o${name}`;
  const code = Number(digits);
  if (Number.isInteger(code) && code <= 0x10ffff) return String.fromCodePoint(code);
  throw new BuiltinError('template: bad escape in a string');
}

function numberOf(token: string): bigint | number {
  if (token.startsWith("'")) return BigInt(textOf(token).codePointAt(0) ?? 0);
  const plain = token.replaceAll('_', '').replace(/^\+/, '');
  if (!/^-?[.\d]/.test(plain)) throw unexpected(token);
  const negative = plain.startsWith('-');
  const digits = negative ? plain.slice(1) : plain;
  if (!/^(?:\d+|0[xob][\da-f]+)$/i.test(digits)) return Number(plain);
  const integer = BigInt(/^0\d/.test(digits) ? `0o${digits.slice(1)}` : digits);
  return negative ? -integer : integer;
}

function unexpected(token: string): BuiltinError {
  return new BuiltinError(`template: unexpected ${JSON.stringify(token)} in action`);
}
