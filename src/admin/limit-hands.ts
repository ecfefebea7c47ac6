import type { JsonObject } from '../domain/json.ts';
import type { BucketAddress, BucketReport, Offender } from '../domain/limit-bucket.ts';

export type HandOutcome<T> =
  | { readonly outcome: 'done'; readonly value: T }
  /** There is no such limit, or override. */
  | { readonly outcome: 'unknown'; readonly reason: string }
  /** What was asked cannot be meant so. */
  | { readonly outcome: 'refused'; readonly reason: string }
  /** The store does not answer. */
  | { readonly outcome: 'unavailable'; readonly reason: string };

/** What an operator can see of limits, and do to them. `peer` is who asks, for the log. */
export interface LimitHands {
  show(address: BucketAddress): Promise<HandOutcome<BucketReport>>;
  /** Fills buckets again, on all replicas. */
  reset(address: BucketAddress, peer: string): Promise<HandOutcome<BucketReport>>;
  /** By limit, and of each the worst first. */
  offenders(): readonly Offender[];
  overrides(): readonly JsonObject[];
  addOverride(order: JsonObject, peer: string): Promise<HandOutcome<JsonObject>>;
  removeOverride(id: string, peer: string): Promise<HandOutcome<JsonObject>>;
}
