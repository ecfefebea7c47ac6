import type { PolicyEngine } from '../check/ports.ts';
import type { LimitRequest, PolicyIdentity, PolicyVerdict } from '../domain/decision/policy.ts';

/**
 * Two policies that must both allow. What the first denies, the second is not asked. What is said of
 * an allowed request is what both say; the first, an access document, changes nothing of a request.
 */
export function createBothPolicies(first: PolicyEngine, second: PolicyEngine): PolicyEngine {
  const identity = bothOf(first.identity, second.identity);
  return {
    identity,
    evaluate(question, deadlineMs) {
      const askSecond = (verdict: PolicyVerdict): PolicyVerdict | Promise<PolicyVerdict> => {
        if (verdict.decision.outcome !== 'allow') return verdict;
        const answer = second.evaluate(question, deadlineMs);
        const combine = (later: PolicyVerdict) => combined(verdict, later, first.identity);
        return answer instanceof Promise ? answer.then(combine) : combine(answer);
      };
      const answer = first.evaluate(question, deadlineMs);
      return answer instanceof Promise ? answer.then(askSecond) : askSecond(answer);
    },
  };
}

function bothOf(first: PolicyIdentity, second: PolicyIdentity): PolicyIdentity {
  const { name, revision } = second;
  return {
    name: `${first.name}+${name}`,
    revision: `${first.name}=${first.revision} ${second.bundles ? revision : `${name}=${revision}`}`,
    path: second.path,
    bundles: {
      [first.name]: { revision: first.revision },
      ...(second.bundles ?? { [name]: { revision } }),
    },
  };
}

/** Of an allowed verdict, and the one that decides now. */
function combined(
  allowed: PolicyVerdict,
  verdict: PolicyVerdict,
  first: PolicyIdentity,
): PolicyVerdict {
  const { decision, policy } = verdict;
  const fuel = (allowed.fuel ?? 0) + (verdict.fuel ?? 0);
  const both = {
    ...verdict,
    fuel,
    ...(allowed.access && { access: allowed.access }),
    ...(policy && { policy: bothOf(first, policy) }),
  };
  if (decision.outcome !== 'allow') return both;
  return {
    ...both,
    rule: [allowed.rule, verdict.rule].filter((rule) => rule !== undefined).join('+') || undefined,
    reasons: [...allowed.reasons, ...verdict.reasons],
    limits: unionOf(allowed.limits, verdict.limits),
  };
}

/** A limit that both name is taken once, as the second, which may say by what and how much, has it. */
function unionOf(
  first: readonly LimitRequest[],
  second: readonly LimitRequest[],
): readonly LimitRequest[] {
  const named = new Set(second.map(({ name }) => name));
  return [...first.filter(({ name }) => !named.has(name)), ...second];
}
