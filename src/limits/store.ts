/** What one limit asks of one key for one request. */
export interface Charge {
  /** Well-formed Unicode, at most a few hundred characters; names the limit too. */
  readonly key: string;
  readonly costUs: number;
  readonly capacityUs: number;
  /** A limit that is not enforced is charged when it fits, and never refuses. */
  readonly enforced: boolean;
}

export interface Taken {
  /** False: an enforced charge did not fit, and nothing was charged. */
  readonly admitted: boolean;
  /** For each charge, how far its TAT lay ahead before this request. */
  readonly aheadUs: readonly number[];
}

/** Holds the TATs. Knows nothing of limits, so a limit can be retuned and callers keep their place. */
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
