import type { JsonObject } from '../domain/json.ts';
import type { GrantOperations } from './grant-operations.ts';
import type { LimitOperations } from './limit-operations.ts';

/** One thing without which the server is not ready. */
export interface Readiness {
  readonly name: string;
  readonly ready: boolean;
  /** Why not, or what it is; shown to whoever may ask. */
  readonly detail?: string;
}

/** What the page says about the server that it is on. */
export interface AdminFacts {
  readonly version: string;
  /** Undefined until a policy is loaded. */
  readonly policy:
    { readonly name: string; readonly revision: string; readonly path: string } | undefined;
  /** How each bundle fares, as a sentence. */
  readonly bundles: readonly { readonly name: string; readonly state: string }[];
  readonly limits: readonly string[];
  /** What each grant is, as a sentence; undefined while that is not known. */
  readonly grants: readonly { readonly id: string; readonly state: string }[] | undefined;
  /** Names of the configured options that weaken the defaults. */
  readonly insecureOptions: readonly string[];
}

export type RollbackOutcome =
  | { readonly outcome: 'done'; readonly status: JsonObject }
  | { readonly outcome: 'unknown bundle' }
  | { readonly outcome: 'refused'; readonly reason: string };

/** What the admin pages show and do; asked anew for every request. */
export interface AdminSources {
  readonly readiness: () => readonly Readiness[];
  readonly facts: () => AdminFacts;
  /** For programs. */
  readonly status: () => JsonObject;
  /** Puts back the revision that a bundle had before. `peer` is who asks, for the log. */
  readonly rollback: (bundle: string, peer: string) => Promise<RollbackOutcome>;
  readonly limits: LimitOperations;
  readonly grants: GrantOperations;
  readonly scrape: () => Promise<string>;
  readonly scrapeContentType: string;
}

/** No evidence is not readiness: an empty list is not ready. */
export function isReady(parts: readonly Readiness[]): boolean {
  return parts.length > 0 && parts.every(({ ready }) => ready);
}
