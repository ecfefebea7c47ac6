import { childPath, emptyMapping, filledScalar, type MappingNode, type Node } from './node.ts';
import { nearest } from './nearest.ts';
import type { Place, Problem } from '../problem.ts';

/** How one value of a document is read: its type for people, and the reading itself. */
export interface Schema<T> {
  /** For the reference: `duration`, `list of trust domains`. */
  readonly type: string;
  /** What a section holds. */
  readonly rows?: Rows;
  /** What a value may hold that is written as a section, or each item of a list. */
  readonly longerRows?: Rows;
  /**
   * Undefined: the value is not good, and why was noted. A value is good only if nothing was
   * noted in the whole reading.
   */
  read(node: Node, path: string, reading: Reading): T | undefined;
}

/** One reading of one document. */
export interface Reading {
  readonly problems: Problem[];
  /** What relative paths are relative to. */
  readonly directory: string;
  /** Keys of the documented format that this version cannot honour, by path. */
  readonly unavailable: ReadonlySet<string>;
}

/** One row of a section's table. */
export interface Key<T = unknown> {
  readonly name: string;
  readonly schema: Schema<T>;
  readonly presence: 'required' | 'optional' | 'defaulted';
  /** As a person would write it. */
  readonly defaultText?: string;
  readonly about: string;
}

/** By the names of the value's properties. */
export type Rows = readonly (readonly [property: string, key: Key])[];

interface OptionalKey<T> extends Key<T> {
  readonly presence: 'optional';
}

interface PresentKey<T> extends Key<T> {
  readonly presence: 'required' | 'defaulted';
}

/** A table with a row for every property of T; only what may be absent in T has optional rows. */
export type Keys<T> = {
  readonly [P in keyof T]-?: object extends Pick<T, P> ? OptionalKey<T[P]> : PresentKey<T[P]>;
};

export function required<T>(name: string, schema: Schema<T>, about: string): PresentKey<T> {
  return { name, schema, presence: 'required', about };
}

export function optional<T>(name: string, schema: Schema<T>, about: string): OptionalKey<T> {
  return { name, schema, presence: 'optional', about };
}

/** Absent, it reads as `defaultText`, or as an empty section. */
export function defaulted<T>(
  name: string,
  schema: Schema<T>,
  defaultText: string,
  about: string,
): PresentKey<T> {
  return { name, schema, presence: 'defaulted', defaultText, about };
}

/** A section that is there whether or not it is written: its keys have their own defaults. */
export function group<T>(name: string, schema: Schema<T>, about: string): PresentKey<T> {
  return { name, schema, presence: 'defaulted', about };
}

/** What is wrong between the keys of one section. */
export interface Conflict {
  readonly key: string;
  readonly message: string;
}

export function conflictIf(holds: boolean, key: string, message: string): readonly Conflict[] {
  return holds ? [{ key, message }] : [];
}

/** A mapping with the given keys and no others; `conflictsOf` compares them with each other. */
export function section<T extends object>(
  keys: Keys<T>,
  conflictsOf: (value: T) => readonly Conflict[] = () => [],
): Schema<T> {
  const rows: Rows = Object.entries<Key>(keys);
  // `Keys<T>` has one row for each property of T, with a schema of that property's type.
  const isWhole = (value: object): value is T =>
    rows.every(([property, key]) => key.presence === 'optional' || Object.hasOwn(value, property));
  return {
    type: 'section',
    rows,
    read(node, path, reading) {
      if (node.kind === 'broken') return undefined;
      if (node.kind !== 'mapping') return refuse(node, path, reading, 'must be a section of keys');
      refuseUnknownKeys(node, path, reading, rows);
      const known = reading.problems.length;
      const value = readRows(rows, node, path, reading);
      // What is wrong in itself must not seem to be missing.
      const isBroken = [...node.entries.values()].some((entry) => entry.value.kind === 'broken');
      if (!isWhole(value) || isBroken || reading.problems.length > known) return undefined;
      const conflicts = conflictsOf(value);
      for (const { key, message } of conflicts) {
        const place = node.entries.get(key)?.keyPlace ?? node.place;
        note(place, childPath(path, key), reading, message);
      }
      return conflicts.length === 0 ? value : undefined;
    },
  };
}

function readRows(
  rows: Rows,
  node: MappingNode,
  path: string,
  reading: Reading,
): Record<string, unknown> {
  const value: Record<string, unknown> = {};
  for (const [property, key] of rows) {
    const keyPath = childPath(path, key.name);
    const child = node.entries.get(key.name)?.value ?? absentValue(key, node.place);
    if (child === undefined) {
      if (key.presence === 'required') note(node.place, keyPath, reading, 'is missing');
      continue;
    }
    const read = key.schema.read(child, keyPath, reading);
    if (read !== undefined) value[property] = read;
  }
  return value;
}

function absentValue(key: Key, place: Place): Node | undefined {
  if (key.defaultText !== undefined) return filledScalar(key.defaultText, place);
  return key.presence === 'defaulted' ? emptyMapping(place) : undefined;
}

function refuseUnknownKeys(node: MappingNode, path: string, reading: Reading, rows: Rows): void {
  const names = rows.map(([, key]) => key.name);
  for (const [name, { keyPlace }] of node.entries) {
    if (names.includes(name)) continue;
    const keyPath = childPath(path, name);
    note(keyPlace, keyPath, reading, unknownKey(name, keyPath, names, reading));
  }
}

function unknownKey(
  name: string,
  path: string,
  names: readonly string[],
  reading: Reading,
): string {
  if (reading.unavailable.has(path)) return notAvailable;
  const close = nearest(name, names);
  return close === undefined
    ? `is not a key; known here: ${names.join(', ')}`
    : `is not a key; did you mean ${close}?`;
}

export const notAvailable = 'is not available in this version; remove it';

/** One value; in an environment variable, several are separated by commas. */
export function list<T>(item: Schema<T>, plural: string): Schema<readonly T[]> {
  return {
    type: `list of ${plural}`,
    ...(item.rows && { longerRows: item.rows }),
    read(node, path, reading) {
      if (node.kind === 'broken') return undefined;
      const items = itemsOf(node);
      if (items === undefined) return refuse(node, path, reading, `must be a list of ${plural}`);
      const values = items.map((each, index) => item.read(each, `${path}[${index}]`, reading));
      const good = values.filter((value) => value !== undefined);
      return good.length === values.length ? good : undefined;
    },
  };
}

function itemsOf(node: Node): readonly Node[] | undefined {
  if (node.kind === 'list') return node.items;
  if (node.kind !== 'scalar' || !node.filled) return undefined;
  const texts = String(node.value)
    .split(',')
    .map((text) => text.trim());
  return texts.filter((text) => text !== '').map((text) => filledScalar(text, node.place));
}

/** A list of sections in which no two have the same text at `key`. */
export function unique<T>(items: Schema<readonly T[]>, key: string): Schema<readonly T[]> {
  return {
    ...items,
    read(node, path, reading) {
      const seen = new Set<unknown>();
      for (const [index, item] of (node.kind === 'list' ? node.items : []).entries()) {
        const named = item.kind === 'mapping' ? item.entries.get(key)?.value : undefined;
        if (named?.kind !== 'scalar') continue;
        if (seen.has(named.value)) {
          const message = `${named.value} is here twice; rename one`;
          note(named.place, `${path}[${index}].${key}`, reading, message);
        }
        seen.add(named.value);
      }
      return items.read(node, path, reading);
    },
  };
}

/** A value of the schema that `faultOf` finds nothing wrong with. */
export function refined<T>(
  schema: Schema<T>,
  faultOf: (value: T) => string | undefined,
): Schema<T> {
  return {
    ...schema,
    read(node, path, reading) {
      const value = schema.read(node, path, reading);
      const fault = value === undefined ? undefined : faultOf(value);
      return fault === undefined ? value : refuse(node, path, reading, fault);
    },
  };
}

/** A list that may be left out, but not be empty: that would say something else without a word. */
export function filled<T>(items: Schema<readonly T[]>, fault: string): Schema<readonly T[]> {
  return refined(items, ({ length }) => (length === 0 ? fault : undefined));
}

/** The same document read as another value. */
export function mapped<From, To>(schema: Schema<From>, map: (value: From) => To): Schema<To> {
  return {
    ...schema,
    read(node, path, reading) {
      const value = schema.read(node, path, reading);
      return value === undefined ? undefined : map(value);
    },
  };
}

/** Where it stands, for what is said of it later. */
export function withLine<T>(schema: Schema<T>): Schema<T & { readonly line: number }> {
  return {
    ...schema,
    read(node, path, reading) {
      const value = schema.read(node, path, reading);
      return value === undefined ? undefined : { ...value, line: node.place.line ?? 0 };
    },
  };
}

export function note(place: Place, path: string, reading: Reading, message: string): void {
  reading.problems.push({ ...place, path, message });
}

export function refuse(node: Node, path: string, reading: Reading, message: string): undefined {
  note(node.place, path, reading, message);
}
