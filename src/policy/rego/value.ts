/**
 * Values as Rego has them: JSON, with sets, with object keys of any kind, and with numbers that
 * keep every digit. Builtins take and give these; `text.ts` reads and writes them.
 */
export type RegoValue =
  null | boolean | string | RegoNumber | readonly RegoValue[] | RegoObject | RegoSet;

/**
 * A number is a double where that is exact, an integer beyond 2^53 a bigint, and a decimal that no
 * double holds keeps its text. Each number has one representation: 1 is never 1n.
 */
export type RegoNumber = number | bigint | Decimal;

/** A decimal that a double would round: `0.1234567890123456789`. */
export class Decimal {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** A set: in Rego's order, each value once. */
export class RegoSet {
  readonly values: readonly RegoValue[];

  private constructor(values: readonly RegoValue[]) {
    this.values = values;
  }

  static of(values: Iterable<RegoValue>): RegoSet {
    const sorted = Array.from(values).toSorted(compare);
    return new RegoSet(sorted.filter((value, at) => at === 0 || !equal(value, sorted[at - 1])));
  }

  has(value: RegoValue): boolean {
    return this.values.some((member) => equal(member, value));
  }
}

export type RegoEntry = readonly [key: RegoValue, value: RegoValue];

/** An object: in the order of its keys; of two equal keys the last stands. */
export class RegoObject {
  readonly entries: readonly RegoEntry[];

  private constructor(entries: readonly RegoEntry[]) {
    this.entries = entries;
  }

  static of(entries: Iterable<RegoEntry>): RegoObject {
    const sorted = Array.from(entries).toSorted(([a], [b]) => compare(a, b));
    return new RegoObject(
      sorted.filter(([key], at) => {
        const next = sorted[at + 1];
        return next === undefined || !equal(key, next[0]);
      }),
    );
  }

  get(key: RegoValue): RegoValue | undefined {
    return this.entries.find(([name]) => equal(name, key))?.[1];
  }
}

export function isArray(value: RegoValue): value is readonly RegoValue[] {
  return Array.isArray(value);
}

export function isNumber(value: RegoValue): value is RegoNumber {
  return typeof value === 'number' || typeof value === 'bigint' || value instanceof Decimal;
}

export type RegoTypeName = 'null' | 'boolean' | 'number' | 'string' | 'array' | 'object' | 'set';

/** Rego's order of types (OPA ast.Compare). */
const typeOrder: readonly RegoTypeName[] = [
  'null',
  'boolean',
  'number',
  'string',
  'array',
  'object',
  'set',
];

export function typeNameOf(value: RegoValue): RegoTypeName {
  if (value === null) return 'null';
  if (typeof value === 'boolean') return 'boolean';
  if (typeof value === 'string') return 'string';
  if (isNumber(value)) return 'number';
  if (isArray(value)) return 'array';
  return value instanceof RegoSet ? 'set' : 'object';
}

/** Rego's total order over all values: by type, then by value (OPA ast.Compare). */
export function compare(a: RegoValue, b: RegoValue): number {
  if (a === b) return 0;
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b);
  if (isNumber(a) && isNumber(b)) return compareNumbers(a, b);
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b);
  if (a instanceof RegoObject && b instanceof RegoObject) return compareObjects(a, b);
  if (a instanceof RegoSet && b instanceof RegoSet) return compareLists(a.values, b.values);
  if (isArray(a) && isArray(b)) return compareLists(a, b);
  return typeOrder.indexOf(typeNameOf(a)) - typeOrder.indexOf(typeNameOf(b));
}

export function equal(a: RegoValue, b: RegoValue | undefined): boolean {
  return b !== undefined && compare(a, b) === 0;
}

/** By code points, as Go compares UTF-8; JavaScript's own order puts surrogates before U+E000. */
export function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at += 1) {
    const [unitA, unitB] = [a.charCodeAt(at), b.charCodeAt(at)];
    if (unitA === unitB) continue;
    const [highA, highB] = [isSurrogate(unitA), isSurrogate(unitB)];
    return highA === highB ? unitA - unitB : Number(highA) - Number(highB);
  }
  return a.length - b.length;
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff;
}

/** Keys first, each with its value, as OPA does. */
function compareObjects(a: RegoObject, b: RegoObject): number {
  for (const [at, [key, value]] of a.entries.entries()) {
    const other = b.entries[at];
    if (other === undefined) return 1;
    const order = compare(key, other[0]) || compare(value, other[1]);
    if (order !== 0) return order;
  }
  return a.entries.length - b.entries.length;
}

function compareLists(a: readonly RegoValue[], b: readonly RegoValue[]): number {
  for (const [at, value] of a.entries()) {
    const other = b[at];
    if (other === undefined) return 1;
    const order = compare(value, other);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function compareNumbers(a: RegoNumber, b: RegoNumber): number {
  if (!(a instanceof Decimal) && !(b instanceof Decimal)) return a < b ? -1 : Number(a > b);
  return compareScaled(scaled(a), scaled(b));
}

interface Scaled {
  readonly digits: bigint;
  readonly exponent: number;
}

/** A number as digits × 10^exponent, exactly. */
function scaled(number: RegoNumber): Scaled {
  const text = number instanceof Decimal ? number.text : String(number);
  const [mantissa = '0', exponent = '0'] = text.toLowerCase().split('e');
  const [whole = '0', fraction = ''] = mantissa.split('.');
  return { digits: BigInt(whole + fraction), exponent: Number(exponent) - fraction.length };
}

function compareScaled(a: Scaled, b: Scaled): number {
  const exponent = Math.min(a.exponent, b.exponent);
  const [left, right] = [a, b].map(
    ({ digits, exponent: own }) => digits * 10n ** BigInt(own - exponent),
  );
  return left === right ? 0 : Number((left ?? 0n) > (right ?? 0n)) * 2 - 1;
}
