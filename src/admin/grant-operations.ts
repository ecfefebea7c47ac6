import type { JsonObject } from '../domain/json.ts';
import type { OperationOutcome } from './operation-outcome.ts';

/** What an operator can see of grants and do to them. `peer` is who asks, for the log. */
export interface GrantOperations {
  list(): OperationOutcome<readonly JsonObject[]>;
  add(order: JsonObject, peer: string): Promise<OperationOutcome<JsonObject>>;
  /** `signature` says who does it. */
  approve(id: string, signature: JsonObject, peer: string): Promise<OperationOutcome<JsonObject>>;
  revoke(id: string, signature: JsonObject, peer: string): Promise<OperationOutcome<JsonObject>>;
}
