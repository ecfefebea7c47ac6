import type { CompletedCheck } from '../../../src/check/check.ts';
import type { Caller } from '../../../src/domain/identity/caller.ts';
import { type Decision, noEdits } from '../../../src/domain/decision/decision.ts';
import type { LimitState } from '../../../src/domain/limits/limit.ts';
import { requestFrom } from '../request-fixture.ts';

export const decisionId = '6f1d3c1e-3a8e-4c0b-9d5e-0a4f1c2b3d4e';

interface Parts {
  readonly decision?: Decision;
  readonly caller?: Caller | undefined;
  readonly rule?: string | undefined;
  readonly revision?: string;
  readonly states?: readonly LimitState[] | undefined;
  /** The request's; undefined: no request could be read. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

const defaults = {
  decision: { outcome: 'allow', reason: 'allowed', edits: noEdits } satisfies Decision,
  caller: { principal: 'spiffe://shop.example/ns/shop/sa/web', source: 'peer' } satisfies Caller,
  rule: 'web-reads',
  revision: 'revision-7',
  states: undefined,
  headers: {},
};

/** A decided check; say only what the test is about. */
export function completed(parts: Parts = {}): CompletedCheck {
  const { decision, caller, rule, revision, states, headers } = { ...defaults, ...parts };
  return {
    check: {
      id: decisionId,
      receivedAtMs: 0,
      startedMs: 0,
      deadlineMs: 150,
      cancelled: false,
      attributes: {},
      request: headers === undefined ? undefined : requestFrom({ headers }),
      caller,
      verdict: { decision, input: undefined, result: undefined, rule, reasons: [], limits: [] },
      limits: states === undefined ? undefined : { outcome: 'within', states },
      stageMs: {},
    },
    decision,
    policy: { name: 'example', revision, path: 'envoy/authz/allow' },
    durationMs: 1,
  };
}

export function limitState(parts: Partial<LimitState>): LimitState {
  return {
    name: 'orders-read',
    mode: 'enforce',
    result: 'within',
    quota: 100,
    windowMs: 60_000,
    remaining: 10,
    resetMs: 1_000,
    retryAfterMs: 0,
    ...parts,
  };
}
