import type { Check, CompletedCheck } from '../../../src/check/check.ts';
import { type Decision, Denial, noEdits } from '../../../src/domain/decision/decision.ts';
import type { JsonObject, JsonValue } from '../../../src/domain/json.ts';
import type { PolicyVerdict } from '../../../src/domain/decision/policy.ts';

export const allowance: Decision = { outcome: 'allow', reason: 'allowed', edits: noEdits };

export interface Given {
  readonly check?: Partial<Check>;
  readonly decision?: Decision;
  readonly durationMs?: number;
}

/** A check denied before anything was known of it, with what a test gives it. */
export function completedCheck({ check, decision, durationMs }: Given = {}): CompletedCheck {
  return {
    check: {
      id: 'c0ffee00-1111-4222-8333-444455556666',
      receivedAtMs: Date.UTC(2026, 10, 22, 3, 4, 5, 678),
      startedMs: 1000,
      deadlineMs: 1150,
      cancelled: false,
      attributes: undefined,
      request: undefined,
      caller: undefined,
      verdict: undefined,
      limits: undefined,
      stageMs: {},
      ...check,
    },
    decision: decision ?? new Denial('bad_request', 'it was not understood'),
    policy: { name: 'example', revision: 'r1', path: 'envoy/authz/allow' },
    durationMs: durationMs ?? 0.25,
  };
}

/** What a policy answered about the input. */
export function verdictOn(input: JsonObject, result: JsonValue = true): PolicyVerdict {
  return {
    decision: allowance,
    input,
    result,
    rule: undefined,
    reasons: [],
    limits: [],
  };
}
