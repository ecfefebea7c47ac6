import assert from 'node:assert/strict';
import { test } from 'node:test';
import { denialReasons, denied } from '../../../../src/domain/decision/reason.ts';

/** The contract with callers, dashboards and auditors. */
const statuses = {
  policy_denied: 403,
  no_rule: 403,
  unauthenticated: 401,
  token_invalid: 401,
  token_expired: 401,
  token_replayed: 401,
  untrusted_peer: 403,
  rate_limited: 429,
  bad_request: 400,
  ambiguous_path: 400,
  policy_unavailable: 503,
  limits_unavailable: 503,
  deadline_exceeded: 503,
  overloaded: 503,
  internal: 503,
};

test('the reasons and their HTTP statuses are those of the contract', () => {
  assert.deepEqual(
    Object.fromEntries(denialReasons.map((reason) => [reason, denied[reason].httpStatus])),
    statuses,
  );
});

test('every reason has a sentence of its own for the caller', () => {
  const titles = denialReasons.map((reason) => denied[reason].title);
  assert.equal(new Set(titles).size, titles.length);
  for (const title of titles) assert.match(title, /^[A-Z][a-z ]+$/);
});
