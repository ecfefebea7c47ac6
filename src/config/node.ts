import type { Place } from './problem.ts';

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
