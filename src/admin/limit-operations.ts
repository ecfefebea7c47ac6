import type { JsonObject } from '../domain/json.ts';
import type { BucketAddress, BucketReport, Offender } from '../domain/limits/limit-bucket.ts';
import type { OperationOutcome } from './operation-outcome.ts';

/** What an operator can see of limits and do to them. `peer` is who asks, for the log. */
export interface LimitOperations {
  show(address: BucketAddress): Promise<OperationOutcome<BucketReport>>;
  /** Fills buckets again, on all replicas. */
  reset(address: BucketAddress, peer: string): Promise<OperationOutcome<BucketReport>>;
  /** By limit, the most refused first. */
  offenders(): readonly Offender[];
  overrides(): readonly JsonObject[];
  addOverride(order: JsonObject, peer: string): Promise<OperationOutcome<JsonObject>>;
  removeOverride(id: string, peer: string): Promise<OperationOutcome<JsonObject>>;
}
