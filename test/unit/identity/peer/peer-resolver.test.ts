import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Denial } from '../../../../src/domain/decision/decision.ts';
import { createPeerResolver } from '../../../../src/identity/peer/peer-resolver.ts';
import { requestFrom } from '../../request-fixture.ts';

const resolver = createPeerResolver({
  trustDomains: ['prod', 'cluster.local'],
  federatedTrustDomains: ['partner'],
  sources: ['peer'],
});

function resolve(principal: string | undefined) {
  return resolver.resolve(requestFrom(principal === undefined ? {} : { principal }));
}

test('a SPIFFE ID of a known trust domain is the caller', () => {
  assert.deepEqual(resolve('spiffe://prod/ns/shop/sa/web'), {
    principal: 'spiffe://prod/ns/shop/sa/web',
    source: 'peer',
    spiffe: {
      uri: 'spiffe://prod/ns/shop/sa/web',
      trustDomain: 'prod',
      path: '/ns/shop/sa/web',
      namespace: 'shop',
      serviceAccount: 'web',
    },
  });
});

test("Istio's form without a scheme names the same caller", () => {
  const caller = resolve('cluster.local/ns/shop/sa/web');
  assert.ok(caller !== undefined && !(caller instanceof Denial));
  assert.equal(caller.principal, 'spiffe://cluster.local/ns/shop/sa/web');
});

const strangers: [why: string, principal: string | undefined][] = [
  ['no certificate', undefined],
  ['an empty principal', ''],
  ['a foreign trust domain', 'spiffe://evil/ns/shop/sa/web'],
  ['a trust domain that ours is a prefix of', 'spiffe://prod.evil/ns/shop/sa/web'],
  ['a trust domain in another case', 'spiffe://PROD/ns/shop/sa/web'],
  ['a scheme in another case', 'SPIFFE://prod/ns/shop/sa/web'],
  ['another scheme', 'https://prod/ns/shop/sa/web'],
  ['a user name in the authority', 'spiffe://prod@evil/ns/shop/sa/web'],
  ['a port', 'spiffe://prod:443/ns/shop/sa/web'],
  ['a trust domain alone', 'spiffe://prod'],
  ['a trailing slash', 'spiffe://prod/ns/shop/sa/web/'],
  ['an empty segment', 'spiffe://prod//ns/shop/sa/web'],
  ['a dot segment', 'spiffe://prod/ns/../sa/web'],
  ['percent-encoding', 'spiffe://prod/ns/shop/sa/we%62'],
  ['a query', 'spiffe://prod/ns/shop/sa/web?x'],
  ['a fragment', 'spiffe://prod/ns/shop/sa/web#x'],
  ['a second URI behind a comma', 'spiffe://prod/ns/shop/sa/web,spiffe://prod/ns/shop/sa/admin'],
  ['an embedded NUL', 'spiffe://prod/ns/shop/sa/web\0.evil'],
  ['a line break', 'spiffe://prod/ns/shop/sa/web\n'],
  ['a DNS name', 'web.shop.prod'],
  ['a subject', 'CN=web,O=prod'],
  ['a schemeless name that is not in Istio’s form', 'prod/web'],
  ['an ID longer than the standard allows', `spiffe://prod/${'a'.repeat(2048)}`],
];

for (const [why, principal] of strangers) {
  test(`${why} is unauthenticated`, () => {
    const answer = resolve(principal);
    assert.ok(answer instanceof Denial);
    assert.equal(answer.reason, 'unauthenticated');
  });
}

test('a flood of principals does not make a stranger known, nor a known caller a stranger', () => {
  for (let index = 0; index < 10_000; index += 1) {
    assert.ok(resolve(`spiffe://evil/ns/a/sa/b${index}`) instanceof Denial);
  }
  assert.ok(!(resolve('spiffe://prod/ns/shop/sa/web') instanceof Denial));
});

test('a principal longer than any SPIFFE ID is not remembered', () => {
  const [short, long] = ['x'.repeat(2048), 'x'.repeat(2049)];
  assert.equal(resolve(short), resolve(short));
  assert.notEqual(resolve(long), resolve(long));
});
