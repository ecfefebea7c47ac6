import type { PolicyEngine } from '../check/ports.ts';
import { Denial } from '../domain/decision/decision.ts';
import type { PolicyVerdict } from '../domain/decision/policy.ts';
import { BundleError } from './bundle-error.ts';
import { unanswered } from './unanswered.ts';

/** The context extension, which only Envoy's operator can set, that names a route's decision. */
const decisionExtension = 'decision';

/**
 * Lets a route choose by which of a bundle's decisions, each with its engine, it is answered; without
 * a choice it is `standard`. Throws a BundleError when the bundle has not that one.
 */
export function createRoutedPolicy(
  standard: string,
  engines: ReadonlyMap<string, PolicyEngine>,
): PolicyEngine {
  const fallback = engines.get(standard);
  if (fallback === undefined) {
    throw new BundleError(`the bundle has no entrypoint ${standard}: build it with -e ${standard}`);
  }
  return {
    identity: fallback.identity,
    evaluate(question, deadlineMs) {
      const wanted = question.request.attributes.contextExtensions?.[decisionExtension];
      if (wanted === undefined) return fallback.evaluate(question, deadlineMs);
      const chosen = engines.get(wanted);
      if (chosen !== undefined) return named(chosen, chosen.evaluate(question, deadlineMs));
      return unanswered(
        new Denial(
          'policy_unavailable',
          `the route asks for decision ${JSON.stringify(wanted)}, which no bundle has`,
        ),
      );
    },
  };
}

function named(
  { identity }: PolicyEngine,
  verdict: PolicyVerdict | Promise<PolicyVerdict>,
): PolicyVerdict | Promise<PolicyVerdict> {
  return verdict instanceof Promise
    ? verdict.then((later) => ({ ...later, policy: identity }))
    : { ...verdict, policy: identity };
}
