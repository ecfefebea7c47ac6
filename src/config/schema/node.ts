import type { Place } from '../problem.ts';

/** A value of a document together with where it stands. */
export type Node = ScalarNode | ListNode | MappingNode | BrokenNode;

export interface ScalarNode {
  readonly kind: 'scalar';
  readonly place: Place;
  readonly value: string | number | boolean | null;
  /**
   * The text came from the environment, another file or a default. It has no type of its own
   * (`5` may be a number, `a,b` a list), and messages do not repeat it: it may be a secret.
   */
  readonly filled: boolean;
}

export interface ListNode {
  readonly kind: 'list';
  readonly place: Place;
  readonly items: readonly Node[];
}

export interface MappingNode {
  readonly kind: 'mapping';
  readonly place: Place;
  readonly entries: ReadonlyMap<string, MappingEntry>;
}

export interface MappingEntry {
  readonly keyPlace: Place;
  readonly value: Node;
}

/** A value whose problem has been noted already: whoever reads it says nothing more. */
export interface BrokenNode {
  readonly kind: 'broken';
  readonly place: Place;
}

export function filledScalar(value: string, place: Place): ScalarNode {
  return { kind: 'scalar', place, value, filled: true };
}

export function emptyMapping(place: Place): MappingNode {
  return { kind: 'mapping', place, entries: new Map() };
}

/** `server` and `address` give `server.address`; the root's path is empty. */
export function childPath(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}

/** A copy in which the path leads to `value`. What is no mapping on the way is left to be refused. */
export function withValue(node: Node, path: readonly string[], value: Node): Node {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  if (node.kind !== 'mapping') return node;
  const entry = node.entries.get(key) ?? absentEntry(value);
  const replaced = { keyPlace: entry.keyPlace, value: withValue(entry.value, rest, value) };
  return { ...node, entries: new Map([...node.entries, [key, replaced]]) };
}

function absentEntry({ place }: Node): { keyPlace: Node['place']; value: MappingNode } {
  return { keyPlace: place, value: emptyMapping(place) };
}
