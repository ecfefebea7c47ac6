import type { PolicyEngine } from '../check/ports.ts';
import { Denial } from '../domain/decision/decision.ts';
import { unanswered } from './unanswered.ts';

/** What decides until a bundle has come: it denies. */
export function createWaitingPolicy(identity: {
  readonly name: string;
  readonly decision: string;
}): PolicyEngine {
  const denial = new Denial('policy_unavailable', 'no bundle has been activated yet');
  return {
    identity: { name: identity.name, revision: 'none', path: identity.decision },
    evaluate: () => unanswered(denial),
  };
}
