import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { VerifiedToken } from '../../../src/domain/identity/caller.ts';
import type { LimitKeyPart } from '../../../src/domain/limits/limit.ts';
import { compileKey, policyKey } from '../../../src/limits/keys.ts';
import { questionFrom } from './fixture.ts';

const everyPart: readonly LimitKeyPart[] = [
  { kind: 'caller' },
  { kind: 'service' },
  { kind: 'rule' },
  { kind: 'source.ip' },
  { kind: 'header', name: 'X-Tenant' },
  { kind: 'contextExtension', name: 'plan' },
  { kind: 'token', name: 'sub' },
];

test('each part tells requests apart by its own value', () => {
  const one = {
    caller: 'alice',
    service: 'orders',
    rule: 'read',
    sourceAddress: '10.0.0.1',
    headers: { 'x-tenant': 'a' },
    attributes: { contextExtensions: { plan: 'free' } },
    token: tokenOf('alice'),
  };
  const others = [
    { caller: 'bob' },
    { service: 'ledger' },
    { rule: 'write' },
    { sourceAddress: '10.0.0.2' },
    { headers: { 'x-tenant': 'b' } },
    { attributes: { contextExtensions: { plan: 'paid' } } },
    { token: tokenOf('bob') },
  ];
  for (const [changed, other] of others.entries()) {
    for (const [index, part] of everyPart.entries()) {
      const read = compileKey([part]);
      const same = read(questionFrom(one)) === read(questionFrom({ ...one, ...other }));
      assert.equal(same, index !== changed, `${part.kind} with ${JSON.stringify(other)}`);
    }
  }
});

test('an address is told apart by its network where a prefix is given', () => {
  const read = compileKey([{ kind: 'source.ip', prefix: { v4Bits: 24, v6Bits: 64 } }]);
  const keyFor = (sourceAddress: string): string => read(questionFrom({ sourceAddress }));
  assert.equal(keyFor('10.0.0.1'), keyFor('10.0.0.200'));
  assert.notEqual(keyFor('10.0.0.1'), keyFor('10.0.1.1'));
});

test('one subject of two issuers is two', () => {
  const read = compileKey([{ kind: 'token', name: 'sub' }]);
  const alice = tokenOf('alice');
  const other = { ...alice, issuer: 'https://other.example' };
  assert.notEqual(read(questionFrom({ token: alice })), read(questionFrom({ token: other })));
  assert.notEqual(read(questionFrom({ token: alice })), read(questionFrom()));
});

function tokenOf(subject: string): VerifiedToken {
  const issuer = 'https://tokens.example';
  return { issuer, subject, audience: [], scopes: [], claims: { sub: subject }, expiresAt: 0 };
}

test('counted by nothing, everyone has one key', () => {
  const read = compileKey([]);
  assert.equal(read(questionFrom({ caller: 'alice' })), read(questionFrom({ caller: 'bob' })));
});

test('what is absent is not what is empty', () => {
  const read = compileKey([{ kind: 'header', name: 'x-tenant' }]);
  assert.notEqual(read(questionFrom()), read(questionFrom({ headers: { 'x-tenant': '' } })));
  const caller = compileKey([{ kind: 'caller' }]);
  assert.notEqual(caller(questionFrom({ caller: '' })), caller(questionFrom({ caller: '-' })));
});

test('a long key is short, and still its own', () => {
  const read = compileKey([{ kind: 'header', name: 'x-tenant' }]);
  const keyFor = (value: string): string => read(questionFrom({ headers: { 'x-tenant': value } }));
  const long = 'x'.repeat(64 * 1024);
  assert.ok(keyFor(long).length < 64);
  assert.notEqual(keyFor(`${long}a`), keyFor(`${long}b`));
  assert.equal(keyFor(long), keyFor('x'.repeat(64 * 1024)));
});

test('text that is not well-formed is not mixed up on its way through UTF-8', () => {
  const keys = ['\ud800', '\ud801', '\ufffd', 'a\udc00'].map(policyKey);
  assert.equal(new Set(keys.map((key) => Buffer.from(key).toString('hex'))).size, keys.length);
});

test('two requests share a key only when every part is the same', () => {
  const read = compileKey([
    { kind: 'header', name: 'a' },
    { kind: 'header', name: 'b' },
    { kind: 'rule' },
  ]);
  const hostile = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('1:x', 'h1:x', '-', 'h-', 'h1:xh1:y', ''),
    fc.stringMatching(/^[h0-9:-]*$/),
  );
  const part = fc.option(hostile, { nil: undefined });
  const parts = fc.tuple(part, part, part);
  fc.assert(
    fc.property(parts, parts, (one, other) => {
      const same = JSON.stringify(one) === JSON.stringify(other);
      assert.equal(read(questionOf(one)) === read(questionOf(other)), same);
    }),
    { numRuns: 2000 },
  );
});

test('the key of a policy is never that of a request', () => {
  const read = compileKey([{ kind: 'caller' }]);
  fc.assert(
    fc.property(fc.string(), (name) => {
      const own = read(questionFrom({ caller: name }));
      assert.notEqual(policyKey(own), own);
      assert.notEqual(policyKey(name), own);
    }),
  );
});

function questionOf([a, b, rule]: readonly (string | undefined)[]): ReturnType<
  typeof questionFrom
> {
  const headers: Record<string, string> = {};
  if (a !== undefined) headers['a'] = a;
  if (b !== undefined) headers['b'] = b;
  return questionFrom({ headers, rule });
}
