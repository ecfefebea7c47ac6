/** The interfaces at which the stages of a check meet. Every adapter implements one of these. */
import type { AttributeContext } from '../domain/request/attributes.ts';
import type { Caller } from '../domain/identity/caller.ts';
import type { Denial } from '../domain/decision/decision.ts';
import type { LimitQuestion, LimitsVerdict } from '../domain/limits/limit.ts';
import type { PolicyIdentity, PolicyQuestion, PolicyVerdict } from '../domain/decision/policy.ts';
import type { RequestView } from '../domain/request/request.ts';
import type { CompletedCheck } from './check.ts';

/** Reads Envoy's attributes as one unambiguous request, or refuses to. */
export interface RequestReader {
  read(attributes: AttributeContext): RequestView | Denial;
}

/** Establishes who is calling. `undefined` only where the configuration lets the policy decide. */
export interface CallerResolver {
  /**
   * A promise only where a token is new here, or may be used once only. `deadlineMs` is on the
   * monotonic clock; an answer after it is of no use to anyone.
   */
  resolve(
    request: RequestView,
    deadlineMs: number,
  ): Caller | undefined | Denial | Promise<Caller | undefined | Denial>;
}

/** Answers whether a request is allowed. Never throws: a failing evaluation is a denial. */
export interface PolicyEngine {
  readonly identity: PolicyIdentity;
  /**
   * A promise only where the policy asks something of other hosts. `deadlineMs` is on the monotonic
   * clock; an answer after it is of no use to anyone.
   */
  evaluate(question: PolicyQuestion, deadlineMs: number): PolicyVerdict | Promise<PolicyVerdict>;
}

/** Takes a request from its limits: from all of them, or from none. */
export interface Limiter {
  /** `deadlineMs` is on the monotonic clock; an answer after it is of no use to anyone. */
  take(question: LimitQuestion, deadlineMs: number): Promise<LimitsVerdict> | LimitsVerdict;
}

/** Writes down what was decided. Must not block, and must not throw. */
export interface DecisionRecorder {
  record(completed: CompletedCheck): void;
}

/** Counts what was decided. */
export interface CheckObserver {
  observe(completed: CompletedCheck): void;
}
