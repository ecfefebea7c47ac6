import type { AttributeContext } from '../domain/request/attributes.ts';
import type { Caller } from '../domain/identity/caller.ts';
import type { Decision } from '../domain/decision/decision.ts';
import type { LimitsVerdict } from '../domain/limits/limit.ts';
import type { PolicyIdentity, PolicyVerdict } from '../domain/decision/policy.ts';
import type { RequestView } from '../domain/request/request.ts';

export const stageNames = ['request', 'caller', 'policy', 'limits'] as const;
export type StageName = (typeof stageNames)[number];

/**
 * One check while it is being decided: what was learned so far. Stages add to it in order, so a
 * record of a denied check shows how far it came.
 */
export interface Check {
  /** A UUID; in the response headers, the record, Envoy's metadata. */
  readonly id: string;
  /** When it arrived: for people (epoch milliseconds), and for durations (monotonic). */
  readonly receivedAtMs: number;
  readonly startedMs: number;
  /** When the answer is no longer of use, on the monotonic clock. */
  readonly deadlineMs: number;
  /** True once nobody waits for the answer any more; asked anew between stages. */
  readonly cancelled: boolean;
  /** Undefined when the message could not be decoded. */
  attributes: AttributeContext | undefined;
  request: RequestView | undefined;
  caller: Caller | undefined;
  verdict: PolicyVerdict | undefined;
  limits: LimitsVerdict | undefined;
  /** Milliseconds spent in each stage that ran. */
  readonly stageMs: Partial<Record<StageName, number>>;
}

/** A decided check: what records, metrics and the response are made of. */
export interface CompletedCheck {
  readonly check: Check;
  readonly decision: Decision;
  readonly policy: PolicyIdentity;
  readonly durationMs: number;
}
