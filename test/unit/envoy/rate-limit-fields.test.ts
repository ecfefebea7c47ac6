import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LimitState } from '../../../src/domain/limits/limit.ts';
import { rateLimitFields, retryAfterFields } from '../../../src/envoy/rate-limit-fields.ts';

function stateOf(parts: Partial<LimitState>): LimitState {
  return {
    name: 'orders',
    mode: 'enforce',
    result: 'within',
    quota: 100,
    windowMs: 60_000,
    remaining: 7,
    resetMs: 30_000,
    retryAfterMs: 0,
    ...parts,
  };
}

function over(parts: Partial<LimitState>): LimitState {
  return stateOf({ result: 'over', remaining: 0, ...parts });
}

function xRateLimit(...states: readonly LimitState[]): readonly string[] {
  return rateLimitFields(states, 'x-ratelimit').map(({ name, value }) => `${name}: ${value}`);
}

test('draft-10: a limit that refused says when it admits again, never later than retry-after', () => {
  const states = [over({ retryAfterMs: 1500, resetMs: 60_000 }), stateOf({ name: 'all' })];
  assert.deepEqual(rateLimitFields(states, 'draft-10'), [
    { name: 'ratelimit', value: '"orders";r=0;t=2, "all";r=7;t=30' },
    { name: 'ratelimit-policy', value: '"orders";q=100;w=60, "all";q=100;w=60' },
  ]);
  assert.deepEqual(retryAfterFields(states), [{ name: 'retry-after', value: '2' }]);
});

test('x-ratelimit: of several limits the one with the least left is told', () => {
  assert.deepEqual(xRateLimit(stateOf({}), stateOf({ quota: 5, remaining: 3, resetMs: 1001 })), [
    'x-ratelimit-limit: 5',
    'x-ratelimit-remaining: 3',
    'x-ratelimit-reset: 2',
  ]);
});

test('x-ratelimit: of several that refused the one that does so for longest', () => {
  const states = [
    stateOf({ remaining: 0 }),
    over({ quota: 1, retryAfterMs: 500 }),
    over({ quota: 2, retryAfterMs: 9000 }),
    over({ quota: 3, retryAfterMs: 1000 }),
  ];
  for (const order of [states, states.toReversed()]) {
    assert.deepEqual(xRateLimit(...order), [
      'x-ratelimit-limit: 2',
      'x-ratelimit-remaining: 0',
      'x-ratelimit-reset: 9',
    ]);
  }
});

test('no dialect speaks of limits in shadow mode, or that were not asked', () => {
  const states = [stateOf({ mode: 'shadow' }), stateOf({ result: 'skipped' })];
  for (const dialect of ['draft-10', 'x-ratelimit', 'none'] as const) {
    assert.deepEqual(rateLimitFields(states, dialect), []);
  }
});

test('none says nothing', () => {
  assert.deepEqual(rateLimitFields([stateOf({})], 'none'), []);
});
