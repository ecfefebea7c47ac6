import type { Denial } from '../domain/decision/decision.ts';
import type { JsonObject } from '../domain/json.ts';
import type { PolicyVerdict } from '../domain/decision/policy.ts';

/** The verdict on a question that no policy has answered. */
export function unanswered(decision: Denial, input?: JsonObject): PolicyVerdict {
  return { decision, input, result: undefined, rule: undefined, reasons: [], limits: [] };
}
