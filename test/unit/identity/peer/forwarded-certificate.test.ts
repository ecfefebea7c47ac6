import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { Denial } from '../../../../src/domain/decision/decision.ts';
import { lastForwardedCertificate } from '../../../../src/identity/peer/forwarded-certificate.ts';
import { createPeerResolver } from '../../../../src/identity/peer/peer-resolver.ts';
import { requestFrom } from '../../request-fixture.ts';
import { outcome } from '../callers.ts';

const hash = 'ab'.repeat(32);
const web = 'spiffe://prod/ns/shop/sa/web';
const admin = 'spiffe://prod/ns/shop/sa/admin';
/** As Envoy writes it. */
const element = `By=spiffe://prod/ns/shop/sa/orders;Hash=${hash};Subject="";URI=${web}`;

const xfcc = createPeerResolver({
  trustDomains: ['prod'],
  federatedTrustDomains: [],
  sources: ['xfcc'],
});

function resolve(field: string) {
  return outcome(xfcc.resolve(requestFrom({ headers: { 'x-forwarded-client-cert': field } })));
}

const read: readonly (readonly [what: string, field: string, outcome: string])[] = [
  ['Envoy’s element', element, web],
  ['the last of several', `By=x;URI=${admin},${element}`, web],
  ['the last of a list with spaces', `By=x;URI=${admin}, ${element}`, web],
  ['keys in another case', `by=x;uri=${web}`, web],
  ['a quoted value', `By=x;URI="${web}"`, web],
  ['delimiters in quotes', `Subject="CN=a,O=\\"x\\";URI=${admin}";URI=${web}`, web],
  ['what a waypoint writes', `By=spiffe://prod/ns/shop/sa/waypoint;URI=${web}`, web],
  ['a gateway’s with its chain', `Hash=${hash};Cert="-----BEGIN%20";Chain="x%2C";URI=${web}`, web],
  ['a DNS name beside', `${element};DNS=web.shop;DNS=web`, web],
];

/** docs/security.md lists them. */
const refused: readonly (readonly [what: string, field: string, reason: string])[] = [
  ['two URI SANs', `${element};URI=${admin}`, 'untrusted_peer'],
  ['the same URI twice', `${element};URI=${web}`, 'untrusted_peer'],
  ['a second URI in another case of the key', `${element};uri=${admin}`, 'untrusted_peer'],
  ['a SAN with a delimiter and a URI', `By=x;URI=spiffe://a/b;URI=${admin}`, 'untrusted_peer'],
  ['a SAN with a quote', `By=x;URI=spiffe://prod/a";URI=${admin}`, 'untrusted_peer'],
  ['a quote that an earlier element left open', `By=x;Subject=",${element}`, 'untrusted_peer'],
  [
    'a quote that an earlier element left open, before a subject',
    `By=x;URI=${admin};Subject=",By=y;Subject="CN=mallory";URI=${web}`,
    'untrusted_peer',
  ],
  [
    'a quote that an earlier element left open, before an empty subject',
    `URI=${admin};Subject=",By=y;Subject="";URI=spiffe://prod/ns/evil/sa/mallory`,
    'untrusted_peer',
  ],
  ['a key without a value', `By;URI=${web}`, 'untrusted_peer'],
  ['an empty pair', `By=x;;URI=${web}`, 'untrusted_peer'],
  ['a semicolon at its end', `${element};`, 'untrusted_peer'],
  ['an empty last element', `${element},`, 'untrusted_peer'],
  ['an empty first element', `,${element}`, 'untrusted_peer'],
  ['spaces in a pair', `By=x; URI=${web}`, 'untrusted_peer'],
  ['a space in a value', `URI=${web} x`, 'untrusted_peer'],
  ['an equals sign in a value', `URI=${web}=x`, 'untrusted_peer'],
  ['a line break', `${element}\n`, 'untrusted_peer'],
  ['a backslash at the end of quotes', `Subject="x\\";URI=${web}`, 'untrusted_peer'],
  ['something behind quotes', `Subject="x"y;URI=${web}`, 'untrusted_peer'],
  ['an earlier element only', `URI=${admin},By=x;Hash=${hash}`, 'unauthenticated'],
  ['an empty URI', `By=x;URI=`, 'unauthenticated'],
  ['no URI', `By=x;Hash=${hash}`, 'unauthenticated'],
  ['a DNS name only', 'By=x;DNS=web.prod', 'unauthenticated'],
  ['a foreign trust domain', 'By=x;URI=spiffe://evil/ns/shop/sa/web', 'unauthenticated'],
  ['a suffix', `By=x;URI=${web}/admin/`, 'unauthenticated'],
  ['a trust domain in another case', 'By=x;URI=spiffe://PROD/ns/shop/sa/web', 'unauthenticated'],
  ['quoted delimiters in a URI', `By=x;URI="${web};URI=${admin}"`, 'unauthenticated'],
  ['an escape in a URI', `By=x;URI="${web}\\"`, 'untrusted_peer'],
];

for (const [what, field, expected] of [...read, ...refused]) {
  test(`x-forwarded-client-cert with ${what}: ${expected}`, () => {
    assert.equal(resolve(field), expected);
  });
}

test('the field is no source unless it is configured', () => {
  const peers = createPeerResolver({
    trustDomains: ['prod'],
    federatedTrustDomains: [],
    sources: ['peer'],
  });
  const request = requestFrom({ headers: { 'x-forwarded-client-cert': element } });
  assert.equal(outcome(peers.resolve(request)), 'unauthenticated');
});

test('the first source that names anybody decides, also when it is nobody that we know', () => {
  const both = createPeerResolver({
    trustDomains: ['prod'],
    federatedTrustDomains: [],
    sources: ['peer', 'xfcc'],
  });
  const headers = { 'x-forwarded-client-cert': element };
  assert.equal(outcome(both.resolve(requestFrom({ headers }))), web);
  assert.equal(outcome(both.resolve(requestFrom({ headers, principal: admin }))), admin);
  const stranger = requestFrom({ headers, principal: 'spiffe://evil/ns/a/sa/b' });
  assert.equal(outcome(both.resolve(stranger)), 'unauthenticated');
});

test('the caller says that the field named it', () => {
  const caller = xfcc.resolve(requestFrom({ headers: { 'x-forwarded-client-cert': element } }));
  assert.ok(!(caller instanceof Denial));
  assert.equal(caller.source, 'xfcc');
});

test('whatever is put before Envoy’s element, nobody else is the last', () => {
  const piece = fc.constantFrom('URI=', admin, ';', ',', '"', '\\', '=', 'By=x', 'Subject=', ' ');
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const answer = lastForwardedCertificate(`${pieces.join('')},${element}`);
      assert.ok(answer === undefined || answer.uris.join() === web);
    }),
    { numRuns: 3_000 },
  );
});

test('a field of 64 KiB is read in linear time', () => {
  const startedMs = performance.now();
  for (const unit of ['a', '"', '\\', ',', ';', 'URI=', '"\\', 'By="";']) {
    lastForwardedCertificate(unit.repeat(65_536 / unit.length));
    lastForwardedCertificate(`By="${unit.repeat(65_536 / unit.length)}`);
  }
  assert.ok(performance.now() - startedMs < 2_000);
});
