import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseSpiffeId } from '../../../../src/domain/identity/spiffe-id.ts';
import { parseSpiffePattern } from '../../../../src/domain/identity/spiffe-pattern.ts';

function matches(pattern: string, uri: string): boolean | undefined {
  const id = parseSpiffeId(uri);
  assert.ok(id);
  return parseSpiffePattern(pattern)?.matches(id);
}

test('an ID matches itself and nothing else', () => {
  assert.equal(matches('spiffe://prod/ns/a/sa/b', 'spiffe://prod/ns/a/sa/b'), true);
  assert.equal(matches('spiffe://prod/ns/a/sa/b', 'spiffe://prod/ns/a/sa/bb'), false);
  assert.equal(matches('spiffe://prod/ns/a/sa/b', 'spiffe://prod/ns/a/sa/b/c'), false);
});

test('a trailing /* matches whatever is below, at a segment', () => {
  assert.equal(matches('spiffe://prod/ns/a/*', 'spiffe://prod/ns/a/sa/b'), true);
  assert.equal(matches('spiffe://prod/ns/a/*', 'spiffe://prod/ns/ab/sa/b'), false);
  assert.equal(matches('spiffe://prod/ns/a/*', 'spiffe://prod/ns/a'), false);
  assert.equal(matches('spiffe://prod/*', 'spiffe://prod/x'), true);
  assert.equal(matches('spiffe://prod/*', 'spiffe://prod.evil/x'), false);
});

test('a star elsewhere, and what is no SPIFFE ID, is no pattern', () => {
  for (const text of [
    '*',
    'spiffe://*',
    'spiffe://prod',
    'spiffe://prod/a*',
    'spiffe://prod/*/b',
    'spiffe://prod//*',
    'prod/a',
    'spiffe://Prod/*',
  ]) {
    assert.equal(parseSpiffePattern(text), undefined, text);
  }
});
