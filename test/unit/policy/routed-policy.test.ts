import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PolicyEngine } from '../../../src/check/ports.ts';
import { Denial } from '../../../src/domain/decision/decision.ts';
import { createRoutedPolicy } from '../../../src/policy/routed-policy.ts';
import { unanswered } from '../../../src/policy/unanswered.ts';
import { verdictAtOnce } from './at-once.ts';
import { questionOf } from './http-question.ts';

/** They deny, and say by which decision. */
function enginesFor(...paths: readonly string[]): Map<string, PolicyEngine> {
  return new Map(paths.map((path) => [path, engineFor(path)]));
}

function engineFor(path: string): PolicyEngine {
  return {
    identity: { name: 'example', revision: 'r1', path },
    evaluate: () => unanswered(new Denial('policy_denied', path)),
  };
}

function decidedBy(contextExtensions: Record<string, string> | undefined) {
  const policy = createRoutedPolicy('a/allow', enginesFor('a/allow', 'b/allow'));
  const attributes = contextExtensions && { contextExtensions };
  const verdict = verdictAtOnce(policy, questionOf({}, attributes && { attributes }));
  assert.ok(verdict.decision instanceof Denial);
  return { detail: verdict.decision.detail, path: verdict.policy?.path ?? policy.identity.path };
}

test('a route chooses its decision, and the verdict says which', () => {
  assert.deepEqual(decidedBy({ decision: 'b/allow' }), { detail: 'b/allow', path: 'b/allow' });
});

test('a route that chooses none has the configured one', () => {
  assert.deepEqual(decidedBy(undefined), { detail: 'a/allow', path: 'a/allow' });
  assert.deepEqual(decidedBy({ other: 'b/allow' }), { detail: 'a/allow', path: 'a/allow' });
});

test('a route that chooses what is not there is denied, by no decision at all', () => {
  for (const decision of ['', 'c/allow', '__proto__', 'a']) {
    assert.match(decidedBy({ decision }).detail, /which no bundle has/);
  }
});

test('a bundle without the configured decision is refused', () => {
  assert.throws(
    () => createRoutedPolicy('c/allow', enginesFor('a/allow')),
    /no entrypoint c\/allow/,
  );
});
