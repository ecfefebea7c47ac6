import { compareNumbers, Decimal, type RegoNumber } from './number.ts';

export { Decimal, type RegoNumber } from './number.ts';

/**
 * Values as Rego has them: JSON, with sets, with object keys of any kind, and with numbers that
 * keep every digit. Builtins take and give these; `text.ts` reads and writes them.
 */
export type RegoValue =
  null | boolean | string | RegoNumber | readonly RegoValue[] | RegoObject | RegoSet;

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
    return equal(value, this.values[lowerBound(this.values, value, identity)]);
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
    const entry = this.entries[lowerBound(this.entries, key, keyOf)];
    return entry !== undefined && equal(key, entry[0]) ? entry[1] : undefined;
  }
}

/** Where the first item is that is not before `wanted`, in a sorted list. */
function lowerBound<T>(
  items: readonly T[],
  wanted: RegoValue,
  valueOf: (item: T) => RegoValue,
): number {
  let [low, high] = [0, items.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const item = items[middle];
    if (item !== undefined && compare(valueOf(item), wanted) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function identity(value: RegoValue): RegoValue {
  return value;
}

function keyOf([key]: RegoEntry): RegoValue {
  return key;
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
