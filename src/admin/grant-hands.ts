import type { JsonObject } from '../domain/json.ts';
import type { HandOutcome } from './hand-outcome.ts';

/** Access for a while. `peer` is who asks, for the log. */
export interface GrantHands {
  list(): HandOutcome<readonly JsonObject[]>;
  add(order: JsonObject, peer: string): Promise<HandOutcome<JsonObject>>;
  /** `signature` says who does it. */
  approve(id: string, signature: JsonObject, peer: string): Promise<HandOutcome<JsonObject>>;
  revoke(id: string, signature: JsonObject, peer: string): Promise<HandOutcome<JsonObject>>;
}
