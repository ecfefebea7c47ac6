import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Denial } from '../../../src/domain/decision/decision.ts';
import type { Grant, GrantTerms } from '../../../src/domain/access/grant.ts';
import { type GrantBook, compileGrants } from '../../../src/grants/grant-book.ts';
import { createGrantingPolicy } from '../../../src/grants/granting-policy.ts';
import { createBothPolicies } from '../../../src/policy/both-policies.ts';
import { documentOf, engineOf, judge, questionOf } from '../access/access-fixture.ts';
import { verdictAtOnce } from '../policy/at-once.ts';

const ops = 'spiffe://prod/ns/ops/sa/console';
const nowMs = 1_000_000;
const minuteMs = 60_000;

const access = await engineOf(
  documentOf(`
version: 1
services:
  - name: orders
    hosts: [orders.shop]
    deny:
      - { name: no-secrets, paths: ['/secrets/**'] }
    allow:
      - { name: health, from: ['*'], methods: [GET], paths: [/health] }
  - name: billing
    hosts: [billing.shop]
    allow:
      - { name: health, from: ['*'], methods: [GET], paths: [/health] }
`),
);

const plain: Grant = {
  id: 'abcd1234',
  from: ops,
  to: 'orders',
  methods: ['GET'],
  reason: 'incident 7',
  by: 'ann',
  needsApproval: false,
  postedAtMs: nowMs - minuteMs,
  expiresAtMs: nowMs + minuteMs,
};

const terms: GrantTerms = { approval: 'none', maxDurationMs: 10 * minuteMs };

function bookOf(parts: Partial<Grant>, time: number | undefined = nowMs): GrantBook {
  const grants = compileGrants([{ ...plain, ...parts }]);
  return { nowMs: () => time, grantsOf: (principal) => grants.get(principal) ?? [] };
}

function granting(parts: Partial<Grant> = {}, changed: Partial<GrantTerms> = {}) {
  return createGrantingPolicy(access, bookOf(parts), { ...terms, ...changed });
}

const asked = { from: ops, path: '/orders/7' };
const byGrant = 'allow grant/abcd1234';

test('a grant allows through what no rule allows, and says so', () => {
  const { decision, rule, reasons, access: found } = verdictAtOnce(granting(), questionOf(asked));
  assert.equal(decision.outcome, 'allow');
  assert.equal(rule, 'grant/abcd1234');
  assert.deepEqual(reasons, ['granted by ann: incident 7']);
  assert.deepEqual(found, { service: 'orders', rule: undefined, grant: 'abcd1234' });
  assert.equal(judge(granting(), { ...asked, method: 'HEAD' }), byGrant);
});

test('what a rule allows needs no grant', () => {
  assert.equal(judge(granting(), { from: ops, path: '/health' }), 'allow health');
});

test('a grant is for its caller, service, methods and paths, and for nothing beside them', () => {
  const narrow = granting({ paths: ['/orders/{id}'] });
  assert.equal(judge(narrow, asked), byGrant);
  for (const other of [
    { ...asked, from: `${ops}2` },
    { ...asked, from: `${ops}/x` },
    { path: '/orders/7' },
    { ...asked, host: 'billing.shop' },
    { ...asked, host: 'unknown.shop' },
    { ...asked, method: 'POST' },
    { ...asked, method: 'CONNECT' },
    { ...asked, path: '/orders' },
    { ...asked, path: '/orders/7/8' },
    { ...asked, path: '/orders/' },
    { ...asked, kind: 'connect', method: 'GET' } as const,
    { ...asked, path: '*' },
  ]) {
    assert.equal(judge(narrow, other), 'no_rule', JSON.stringify(other));
  }
});

test('a grant goes before no deny rule', () => {
  assert.equal(judge(granting(), { from: ops, path: '/secrets/7' }), 'policy_denied no-secrets');
});

test('what a bundle denies stays denied', () => {
  const bundle = {
    identity: { name: 'bundle', revision: '1', path: 'a/b' },
    evaluate: () => ({
      decision: new Denial('policy_denied', 'the bundle says no'),
      input: undefined,
      result: false,
      rule: undefined,
      reasons: [],
      limits: [],
    }),
  };
  assert.equal(judge(createBothPolicies(granting(), bundle), asked), 'policy_denied');
});

test('an access document that cannot be asked grants nothing', () => {
  const broken = {
    ...access,
    evaluate: () => ({
      ...verdictAtOnce(access, questionOf(asked)),
      decision: new Denial('policy_unavailable', 'out of fuel'),
    }),
  };
  const policy = createGrantingPolicy(broken, bookOf({}), terms);
  assert.equal(judge(policy, asked), 'policy_unavailable');
});

test('a grant ends at its time, though nobody has taken it away yet', () => {
  assert.equal(judge(granting({ expiresAtMs: nowMs + 1 }), asked), byGrant);
  assert.equal(judge(granting({ expiresAtMs: nowMs }), asked), 'no_rule');
});

test('while nobody knows what was revoked, nothing is granted', () => {
  const policy = createGrantingPolicy(access, { ...bookOf({}), nowMs: () => undefined }, terms);
  assert.equal(judge(policy, asked), 'no_rule');
});

test('a grant that needs approval counts when another person has approved it', () => {
  const required = { approval: 'required' } as const;
  for (const needsApproval of [true, false]) {
    assert.equal(judge(granting({ needsApproval }, required), asked), 'no_rule');
    const approved = { needsApproval, approvedBy: 'bob' };
    assert.equal(judge(granting(approved, required), asked), byGrant);
  }
  assert.equal(judge(granting({ needsApproval: true }), asked), 'no_rule', 'as it was given');
});

test('a grant for longer than is allowed now does not count', () => {
  const maxDurationMs = 2 * minuteMs;
  assert.equal(judge(granting({}, { maxDurationMs }), asked), byGrant);
  assert.equal(judge(granting({}, { maxDurationMs: maxDurationMs - 1 }), asked), 'no_rule');
});
