import type { LimitMode, OnStoreError } from './limit.ts';

/**
 * Whose buckets an operator means. The parts have the names that a limit's `by` gives them: `caller`,
 * `service`, `rule`, `source.ip`, `header:x-tenant`, `contextExtension:route`; `key` is what a policy
 * gave instead. Null: of requests that have no such part.
 */
export interface BucketAddress {
  /** Absent: every limit. */
  readonly limit?: string;
  readonly counted: ReadonlyMap<string, string | null>;
}

/** One limit for one address, now. Units, and milliseconds. */
export interface BucketState {
  readonly limit: string;
  readonly mode: LimitMode;
  /** What the limit is counted by. */
  readonly by: readonly string[];
  readonly quota: number;
  readonly windowMs: number;
  /** How many units the bucket holds when it is full. */
  readonly burst: number;
  readonly remaining: number;
  /** Until it is full again, or the window ends. */
  readonly resetMs: number;
  /** Until a request of the usual cost fits; 0: it does now. */
  readonly retryAfterMs: number;
  /** What replaces the limit's own rate: `file`, or the id of an emergency override. */
  readonly override?: string;
  /** An emergency override has turned it off. */
  readonly isOff?: boolean;
  /** The store does not answer: what holds instead. Numbers are then those of this replica. */
  readonly degraded?: OnStoreError;
}

/** A limit that is counted by parts which the address leaves out. */
export interface UnaddressedLimit {
  readonly limit: string;
  readonly missing: readonly string[];
}

export interface BucketReport {
  readonly buckets: readonly BucketState[];
  readonly unaddressed: readonly UnaddressedLimit[];
}

/** Who was refused how often by a limit, here and of late. */
export interface Offender {
  readonly limit: string;
  /** As an address says it; values may be cut short. */
  readonly counted: Readonly<Record<string, string | null>>;
  /** At most so often, and at least `denied - overcount`. */
  readonly denied: number;
  readonly overcount: number;
}
