import type { CalendarEdges } from '../calendar.ts';

/**
 * What one limit asks of one bucket for one request. A bucket has a level: 0 when it is empty, and
 * what would lift it above its capacity does not fit. Either it drains by itself, one microsecond's
 * worth each microsecond: then amounts, capacity and level are microseconds (GCRA: gcra.ts). Or it
 * is emptied at the edges of a calendar's windows: then they are units.
 */
export interface Charge {
  /** Names the limit and whom it counts. Well-formed Unicode, at most a few hundred characters. */
  readonly key: string;
  /** Whom it counts, without the limit. What is counted by the same can always be taken at once. */
  readonly counted: string;
  readonly amount: number;
  readonly capacity: number;
  /**
   * The most that the limit holds for anyone. A bucket that drains and is further up was filled at a
   * rate that no longer holds, or by a clock that went back: it is lowered to this.
   */
  readonly ceiling?: number;
  /** Of the windows of a bucket that a calendar empties. */
  readonly edgesUs?: CalendarEdges;
  /** A limit that is not enforced is charged when it fits, and never refuses. */
  readonly enforced: boolean;
  /** Present: a replica may take some of it ahead (leases.ts). Not of what a calendar empties. */
  readonly lease?: Lease;
}

export interface Lease {
  /** The most that is taken ahead at once. */
  readonly amount: number;
  /** How long it may be spent after it was taken. */
  readonly forUs: number;
}

export interface Taken {
  /** False: an enforced charge did not fit, and nothing was charged. */
  readonly admitted: boolean;
  /** For each charge, its level before this request; undefined where another had refused already. */
  readonly levels: readonly (number | undefined)[];
  /** When, in microseconds since 1970 by the store's clock. */
  readonly atUs: number;
}

/** Holds the levels. Knows nothing of limits, so a limit can be retuned and callers keep their place. */
export interface LimitStore {
  /**
   * Takes all charges of one request, or none. Their keys differ. A promise rejects when the store
   * cannot answer, or no longer by `deadlineMs` (monotonic clock); a charge that was already sent
   * may then still be counted, never more than once.
   */
  take(charges: readonly Charge[], deadlineMs: number): Promise<Taken> | Taken;
}

/** A store that answers at once and cannot fail. */
export interface LocalLimitStore extends LimitStore {
  take(charges: readonly Charge[]): Taken;
}

/** A store whose buckets can be given back. */
export interface EmptyableStore extends LimitStore {
  /** Empties the buckets that the charges name. A promise rejects when some of them may not be. */
  empty(charges: readonly Charge[], deadlineMs: number): Promise<void> | void;
}

export interface EmptyableLocalStore extends LocalLimitStore {
  empty(charges: readonly Charge[]): void;
}
