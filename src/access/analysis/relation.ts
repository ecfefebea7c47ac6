import type { Values } from '../../domain/access/access.ts';
import type { PathPattern } from '../../domain/request/path-pattern.ts';
import { covers, type PrincipalPattern } from '../../domain/identity/principal-pattern.ts';
import { patternCovers, patternsMeet } from './path-patterns.ts';

/** How two conditions of one kind stand to each other. In doubt one does not cover, and they meet. */
export interface Relation<T> {
  /** Whatever fits `narrow` fits `wide` too. */
  covers(wide: T, narrow: T): boolean;
  /** Something may fit both. */
  meets(one: T, other: T): boolean;
}

/** Of lists that are fitted by one of their members. */
export function relationOfLists<T>(ofMembers: Relation<T>): Relation<readonly T[]> {
  return {
    covers: (wide, narrow) =>
      narrow.every((one) => wide.some((other) => ofMembers.covers(other, one))),
    meets: (some, others) =>
      some.some((one) => others.some((other) => ofMembers.meets(one, other))),
  };
}

function isSame(one: unknown, other: unknown): boolean {
  return one === other;
}

export const principals = relationOfLists<PrincipalPattern>({
  covers,
  // One names what is below the other, or they name nobody in common.
  meets: (one, other) => covers(one, other) || covers(other, one),
});

export const paths = relationOfLists<PathPattern>({ covers: patternCovers, meets: patternsMeet });

export const texts = relationOfLists<string>({ covers: isSame, meets: isSame });
export const ports = relationOfLists<number>({ covers: isSame, meets: isSame });

/** Of which a token has all, so that more of them are fitted by less. */
export const scopes: Relation<readonly string[]> = {
  covers: (wide, narrow) => texts.covers(narrow, wide),
  meets: () => true,
};

type Named = ReadonlyMap<string, Values>;

/** A list in a token may have values that fit two conditions of which none has a value in common. */
export const claims: Relation<Named> = {
  covers: (wide, narrow) =>
    Array.from(wide).every(([name, accepted]) => {
      const values = narrow.get(name);
      return values !== undefined && valuesCover(accepted, values);
    }),
  meets: () => true,
};

/** What an allow rule asks of a header holds for each of its values. */
export const headers: Relation<Named> = {
  covers: (wide, narrow) => claims.covers(wide, narrow),
  meets: (some, others) =>
    Array.from(some).every(([name, values]) => {
      const left = others.get(name);
      if (left === undefined || left === 'present' || values === 'present') return true;
      return values.some((value) => left.includes(value));
    }),
};

/** What is empty is not there. */
function valuesCover(wide: Values, narrow: Values): boolean {
  if (narrow === 'present') return wide === 'present';
  return narrow.every((value) => (wide === 'present' ? value !== '' : wide.includes(value)));
}
