import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import { after, test } from 'node:test';
import type { CertificateFacts } from '../../../../src/domain/identity/certificate-facts.ts';
import { Denial } from '../../../../src/domain/decision/decision.ts';
import { createPeerResolver } from '../../../../src/identity/peer/peer-resolver.ts';
import { Authority } from '../../../setup/authority.ts';
import { requestFrom } from '../../request-fixture.ts';

const authority = new Authority();
after(() => {
  authority.remove();
});

const web = 'spiffe://prod/ns/shop/sa/web';
const certificate = certificateWith(`URI:${web}, DNS:web`);

const told: CertificateFacts[] = [];
const settings = { trustDomains: ['prod'], federatedTrustDomains: [], sources: ['peer'] } as const;
const resolver = createPeerResolver(settings, (facts) => told.push(facts));

function certificateWith(names: string): string {
  return encodeURIComponent(authority.issue({ names }).certificate);
}

function resolve(sent: string, principal = web) {
  const attributes = { source: { principal, certificate: sent } };
  return resolver.resolve(requestFrom({ attributes }));
}

test('a certificate whose only URI is the principal is the caller’s, and is told of once', () => {
  for (const sent of [certificate, certificate]) {
    const caller = resolve(sent);
    assert.ok(!(caller instanceof Denial));
    assert.equal(caller.principal, web);
  }
  assert.deepEqual(
    told.map(({ subject }) => subject),
    [web],
  );
});

test('the hash that tokens are bound to is that of the certificate', () => {
  const request = requestFrom({ attributes: { source: { principal: web, certificate } } });
  const caller = resolver.resolve(request);
  assert.ok(!(caller instanceof Denial));
  const { raw } = new X509Certificate(decodeURIComponent(certificate));
  const expected = createHash('sha256').update(raw).digest('base64url');
  assert.equal(resolver.certificateHash(request, caller), expected);
});

const contradictions: readonly (readonly [string, string])[] = [
  ['another URI', certificateWith('URI:spiffe://prod/ns/shop/sa/billing')],
  ['a second URI behind the principal', certificateWith(`URI:${web}, URI:https://web`)],
  ['the principal twice', certificateWith(`URI:${web}, URI:${web}`)],
  ['no URI', certificateWith('DNS:web')],
  ['no certificate', 'nonsense'],
  ['bad percent signs', '%zz'],
  ['more than a certificate can be', 'a'.repeat(100_000)],
];

for (const [name, sent] of contradictions) {
  test(`a certificate that does not say the same as the principal is not trusted: ${name}`, () => {
    const answer = resolve(sent);
    assert.ok(answer instanceof Denial);
    assert.equal(answer.reason, 'untrusted_peer');
  });
}

test('an unknown principal stays unknown, whatever certificate comes with it', () => {
  const answer = resolve(certificate, 'spiffe://evil/ns/shop/sa/web');
  assert.ok(answer instanceof Denial);
  assert.equal(answer.reason, 'unauthenticated');
});
