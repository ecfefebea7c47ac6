import { BuiltinError, type Spend } from '../../builtin.ts';
import { queryEscape } from '../go/url.ts';
import { sprintf } from '../go/printf.ts';
import type { GoValue } from '../go/printf-value.ts';
import { formatFloat } from '../go/float.ts';
import { compareText } from '../../value.ts';

/** A number of the policy: to a template it is its text, of a type of its own. */
export class JsonNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** What a template works with; bigints and numbers are its own literals. */
export type TemplateValue =
  | null
  | undefined
  | boolean
  | string
  | bigint
  | number
  | JsonNumber
  | readonly TemplateValue[]
  | ReadonlyMap<string, TemplateValue>;

interface TemplateFunction {
  readonly least: number;
  readonly most: number;
  readonly run: (...values: readonly TemplateValue[]) => TemplateValue;
}

/** Map itself does not say what it holds. */
export function isMap(value: TemplateValue): value is ReadonlyMap<string, TemplateValue> {
  return value instanceof Map;
}

export function isList(value: TemplateValue): value is readonly TemplateValue[] {
  return Array.isArray(value);
}

/** Go's builtin functions; `and` and `or` are asked one by one, where they are called. */
const functions: readonly (readonly [string, number, number, TemplateFunction['run']])[] = [
  ['and', 1, Infinity, (...values) => values.find((value) => !isTrue(value)) ?? values.at(-1)],
  ['or', 1, Infinity, (...values) => values.find(isTrue) ?? values.at(-1)],
  ['not', 1, 1, (value) => !isTrue(value)],
  ['len', 1, 1, (value) => BigInt(lengthOf(value))],
  ['index', 1, Infinity, (value, ...keys) => keys.reduce(member, value)],
  ['slice', 1, Infinity, slice],
  ['print', 0, Infinity, (...values) => printed(values)],
  ['println', 0, Infinity, (...values) => `${values.map(textOf).join(' ')}\n`],
  [
    'html',
    0,
    Infinity,
    (...values) => printed(values).replace(/["'&<>\0]/g, (sign) => html[sign] ?? sign),
  ],
  ['js', 0, Infinity, (...values) => escapedScript(printed(values))],
  ['urlquery', 0, Infinity, (...values) => queryEscape(printed(values))],
  ['eq', 1, Infinity, (first, ...others) => someEqual(first, others)],
  ['ne', 2, 2, (a, b) => !someEqual(a, [b])],
  ['lt', 2, 2, (a, b) => order(a, b) < 0],
  ['le', 2, 2, (a, b) => order(a, b) <= 0],
  ['gt', 2, 2, (a, b) => order(a, b) > 0],
  ['ge', 2, 2, (a, b) => order(a, b) >= 0],
];

const withoutPrintf: ReadonlyMap<string, TemplateFunction> = new Map(
  functions.map(([name, least, most, run]) => [name, { least, most, run }]),
);

export type TemplateFunctions = ReadonlyMap<string, TemplateFunction>;

/** Of them `printf` may write more than it was given. */
export function templateFunctions(spend: Spend): TemplateFunctions {
  const run: TemplateFunction['run'] = (format, ...values) =>
    sprintf(stringOf(format), values.map(goValue), spend);
  return new Map([...withoutPrintf, ['printf', { least: 1, most: Infinity, run }]]);
}

export function isTemplateFunction(name: string): boolean {
  return name === 'printf' || withoutPrintf.has(name);
}

/** How many characters there are in a value, and how many values. */
export function weightOf(value: TemplateValue): number {
  if (typeof value === 'string') return value.length;
  if (value instanceof JsonNumber) return value.text.length;
  if (isList(value)) return value.reduce((sum: number, one) => sum + weightOf(one), 1);
  if (!isMap(value)) return 1;
  return Array.from(value).reduce((sum, [key, one]) => sum + key.length + weightOf(one), 1);
}

const html: Readonly<Record<string, string>> = {
  '"': '&#34;',
  "'": '&#39;',
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '\0': '\ufffd',
};

/** Nothing, false, zero and what is empty are false. A number of the policy never is. */
export function isTrue(value: TemplateValue): boolean {
  if (isMap(value)) return value.size > 0;
  return isList(value) ? value.length > 0 : Boolean(value);
}

/** What would end a script's string or start an element; what is not printable. */
function escapedScript(text: string): string {
  return text.replace(/[\\'"<>&=\p{C}\p{Z}]/gu, (sign) => {
    if (sign === ' ') return sign;
    if (/[\\'"]/.test(sign)) return `\\${sign}`;
    return `\\u${(sign.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
  });
}

function lengthOf(value: TemplateValue): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (value instanceof JsonNumber) return value.text.length;
  if (isList(value)) return value.length;
  if (isMap(value)) return value.size;
  throw failure('len of a value without a length');
}

function member(value: TemplateValue, key: TemplateValue): TemplateValue {
  if (isMap(value) && typeof key === 'string') return value.get(key);
  if (isList(value) && typeof key === 'bigint' && key >= 0n && key < value.length) {
    return value[Number(key)];
  }
  const bytes = typeof value === 'string' ? Buffer.from(value) : undefined;
  const byte = typeof key === 'bigint' ? bytes?.[Number(key)] : undefined;
  if (byte !== undefined) return BigInt(byte);
  throw failure('index out of range, or of another type');
}

function slice(value: TemplateValue, ...bounds: readonly TemplateValue[]): TemplateValue {
  const length = lengthOf(value);
  const [start = 0n, end = BigInt(length)] = bounds;
  const isOrdered = typeof start === 'bigint' && typeof end === 'bigint' && start <= end;
  if (!isOrdered || start < 0n || end > length || bounds.length > 2) throw failure('bad slice');
  if (isList(value)) return value.slice(Number(start), Number(end));
  return Buffer.from(stringOf(value)).subarray(Number(start), Number(end)).toString('utf8');
}

function stringOf(value: TemplateValue): string {
  if (typeof value === 'string') return value;
  throw failure('wrong type of value; expected string');
}

/** Go's Sprint: a space between two neighbours when neither is a string. */
function printed(values: readonly TemplateValue[]): string {
  return values
    .map((value, at) => {
      const before = values[at - 1];
      const parts = at > 0 && !isText(value) && !isText(before);
      return (parts ? ' ' : '') + textOf(value);
    })
    .join('');
}

function isText(value: TemplateValue): boolean {
  return typeof value === 'string' || value instanceof JsonNumber;
}

/** As Go prints a value: `map[a:1]`, `[1 2]`, `<nil>`. */
export function textOf(value: TemplateValue): string {
  if (value === null || value === undefined) return '<nil>';
  if (value instanceof JsonNumber) return value.text;
  if (isList(value)) return `[${value.map(textOf).join(' ')}]`;
  if (isMap(value)) {
    const entries = Array.from(value).toSorted(([a], [b]) => compareText(a, b));
    return `map[${entries.map(([key, held]) => `${key}:${textOf(held)}`).join(' ')}]`;
  }
  return typeof value === 'number' ? formatFloat(value, 'g', -1) : String(value);
}

function goValue(value: TemplateValue): GoValue {
  if (typeof value === 'bigint') return { kind: 'int', value };
  if (typeof value === 'number') return { kind: 'float', value };
  return { kind: 'string', value: textOf(value) };
}

function someEqual(first: TemplateValue, others: readonly TemplateValue[]): boolean {
  if (others.length === 0) throw failure('missing argument for comparison');
  return others.some((other) => {
    if (first === null || first === undefined || other === null || other === undefined) {
      return (first ?? null) === (other ?? null);
    }
    const [a, b] = comparable(first, other);
    return a === b;
  });
}

function order(first: TemplateValue, second: TemplateValue): number {
  const [a, b] = comparable(first, second);
  if (typeof a === 'boolean' || typeof b === 'boolean')
    throw failure('invalid type for comparison');
  return typeof a === 'string' && typeof b === 'string'
    ? compareText(a, b)
    : Number(a > b) - Number(a < b);
}

type Basic = boolean | string | bigint | number;

/** Two basic values of one kind. A number of the policy is a string to Go. */
function comparable(a: TemplateValue, b: TemplateValue): readonly [Basic, Basic] {
  const [left, right] = [basic(a), basic(b)];
  if (typeof left === typeof right) return [left, right];
  throw failure('incompatible types for comparison');
}

function basic(value: TemplateValue): Basic {
  if (value instanceof JsonNumber) return value.text;
  if (value === null || value === undefined || typeof value === 'object') {
    throw failure('invalid type for comparison');
  }
  return value;
}

function failure(message: string): BuiltinError {
  return new BuiltinError(`template: ${message}`);
}
