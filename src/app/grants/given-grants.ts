import type { Grant } from '../../domain/access/grant.ts';
import { type GrantBook, type CompiledGrant, compileGrants } from '../../grants/grant-book.ts';

/** What is granted, without the time and the people of a grant: it counts. */
export type GivenGrant = Pick<Grant, 'from' | 'to' | 'methods' | 'paths'>;

/** Grants that a question gives, whatever the terms of the configuration. */
export class GivenGrants {
  #compiled: ReadonlyMap<string, readonly CompiledGrant[]> = new Map();

  readonly book: GrantBook = {
    nowMs: () => 0,
    grantsOf: (principal) => this.#compiled.get(principal) ?? [],
  };

  /** Instead of those before. Their ids are 1, 2, … */
  give(grants: readonly GivenGrant[]): void {
    this.#compiled = compileGrants(grants.map(counting));
  }
}

function counting(given: GivenGrant, index: number): Grant {
  return {
    ...given,
    id: String(index + 1),
    reason: 'given',
    by: 'who asks',
    needsApproval: true,
    approvedBy: 'another person',
    postedAtMs: 0,
    expiresAtMs: 1,
  };
}
