import type { PolicyEngine } from '../check/ports.ts';
import { noEdits } from '../domain/decision/decision.ts';
import { type Grant, type GrantTerms, stateUnder } from '../domain/access/grant.ts';
import type { PolicyQuestion, PolicyVerdict } from '../domain/decision/policy.ts';
import type { GrantBook } from './grant-book.ts';

/**
 * The policy of an access document, together with grants. A grant is looked up only when no rule of a
 * known service matched: it never overrides a deny rule, nor a check that could not be decided.
 */
export function createGrantingPolicy(
  access: PolicyEngine,
  book: GrantBook,
  terms: GrantTerms,
): PolicyEngine {
  const grantFor = ({ decision, access: found }: PolicyVerdict, question: PolicyQuestion) => {
    const service = found?.service;
    if (decision.reason !== 'no_rule' || service === undefined) return undefined;
    return findGrant(book, terms, service, question);
  };
  return {
    identity: access.identity,
    evaluate(question, deadlineMs) {
      const answer = (verdict: PolicyVerdict): PolicyVerdict => {
        const grant = grantFor(verdict, question);
        return grant === undefined ? verdict : granted(verdict, grant);
      };
      const verdict = access.evaluate(question, deadlineMs);
      return verdict instanceof Promise ? verdict.then(answer) : answer(verdict);
    },
  };
}

function findGrant(
  book: GrantBook,
  terms: GrantTerms,
  service: string,
  { caller, request }: PolicyQuestion,
): Grant | undefined {
  const nowMs = book.nowMs();
  if (caller === undefined || nowMs === undefined) return undefined;
  return book
    .grantsOf(caller.principal)
    .find(
      ({ grant, allows }) =>
        grant.to === service &&
        grant.expiresAtMs > nowMs &&
        stateUnder(terms, grant) === 'counts' &&
        allows(request),
    )?.grant;
}

function granted(verdict: PolicyVerdict, { id, by, reason }: Grant): PolicyVerdict {
  return {
    ...verdict,
    decision: { outcome: 'allow', reason: 'allowed', edits: noEdits },
    rule: `grant/${id}`,
    reasons: [`granted by ${by}: ${reason}`],
    access: { service: verdict.access?.service, rule: undefined, grant: id },
  };
}
