import assert from 'node:assert/strict';
import type { PolicyEngine } from '../../../src/check/ports.ts';
import type { PolicyQuestion, PolicyVerdict } from '../../../src/domain/decision/policy.ts';

/** The verdict of a policy that asks nothing of other hosts, and so needs no time. */
export function verdictAtOnce(engine: PolicyEngine, question: PolicyQuestion): PolicyVerdict {
  const verdict = engine.evaluate(question, 0);
  assert.ok(!(verdict instanceof Promise));
  return verdict;
}
