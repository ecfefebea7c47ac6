import type { JsonObject } from '../domain/json.ts';
import type { BucketAddress, BucketReport, Offender } from '../domain/limit-bucket.ts';
import type { HandOutcome } from './hand-outcome.ts';

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
