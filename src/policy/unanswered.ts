import type { Denial } from '../domain/decision.ts';
import type { PolicyInput, PolicyVerdict } from '../domain/policy.ts';

/** The verdict on a question that no policy has answered. */
export function unanswered(decision: Denial, input?: PolicyInput): PolicyVerdict {
  return { decision, input, result: undefined, rule: undefined, reasons: [], limits: [] };
}
