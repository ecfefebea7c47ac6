import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PolicyEngine } from '../../../src/check/ports.ts';
import { Denial, noEdits } from '../../../src/domain/decision/decision.ts';
import type { PolicyVerdict } from '../../../src/domain/decision/policy.ts';
import { createBothPolicies } from '../../../src/policy/both-policies.ts';
import { unanswered } from '../../../src/policy/unanswered.ts';
import { verdictAtOnce } from './at-once.ts';
import { questionOf } from './http-question.ts';

const allowed: PolicyVerdict = {
  ...unanswered(new Denial('internal', '')),
  decision: { outcome: 'allow', reason: 'allowed', edits: noEdits },
};

function engineWith(name: string, verdict: PolicyVerdict | Promise<PolicyVerdict>): PolicyEngine {
  return {
    identity: { name, revision: `${name}-1`, path: `${name}/allow` },
    evaluate: () => verdict,
  };
}

const access = { service: 'orders', rule: 'reads' };
const first = {
  ...allowed,
  rule: 'reads',
  access,
  fuel: 5,
  limits: [{ name: 'a' }, { name: 'shared' }],
};
const second = {
  ...allowed,
  rule: 'rego',
  reasons: ['so'],
  fuel: 7,
  limits: [{ name: 'shared', cost: 3 }],
};
const question = questionOf({});

test('what both allow carries what both say, and a limit of both once', () => {
  const both = createBothPolicies(engineWith('access', first), engineWith('authz', second));
  const { decision, rule, reasons, limits, fuel, ...rest } = verdictAtOnce(both, question);
  assert.equal(decision.outcome, 'allow');
  assert.deepEqual(
    { rule, reasons, limits, fuel, access: rest.access },
    {
      rule: 'reads+rego',
      reasons: ['so'],
      limits: [{ name: 'a' }, { name: 'shared', cost: 3 }],
      fuel: 12,
      access,
    },
  );
  assert.deepEqual(both.identity, {
    name: 'access+authz',
    revision: 'access=access-1 authz=authz-1',
    path: 'authz/allow',
    bundles: { access: { revision: 'access-1' }, authz: { revision: 'authz-1' } },
  });
});

test('what one of them denies is denied, also when the answer comes later', async () => {
  const denied = unanswered(new Denial('policy_denied', 'no'));
  const never: PolicyEngine = {
    ...engineWith('authz', allowed),
    evaluate: () => assert.fail('it was asked though the first had denied'),
  };
  assert.equal(
    verdictAtOnce(createBothPolicies(engineWith('access', denied), never), question).decision,
    denied.decision,
  );
  for (const [one, other] of [
    [first, denied],
    [first, Promise.resolve(denied)],
    [Promise.resolve(first), denied],
    [Promise.resolve(denied), second],
  ] as const) {
    const both = createBothPolicies(engineWith('access', one), engineWith('authz', other));
    const { decision } = await both.evaluate(question, Infinity);
    assert.equal(decision, denied.decision);
  }
});
