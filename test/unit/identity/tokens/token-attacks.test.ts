import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  createIssuerKey,
  signToken,
  signWithSecret,
  unsigned,
} from '../../../setup/token-issuer.ts';
import { requestFrom } from '../../request-fixture.ts';
import {
  bearing,
  callersWith,
  claimsWith,
  issuerKey,
  nowSeconds,
  outcome,
  web,
} from '../callers.ts';

const admin = 'spiffe://prod/ns/shop/sa/admin';
const good = signToken(issuerKey, claimsWith());
const [goodHeader = '', goodClaims = '', goodSignature = ''] = good.split('.');
const stranger = createIssuerKey('key-1');
const strangerRsa = createIssuerKey('key-1', 'RS256');
const publicPem = issuerKey.publicKey.export({ type: 'spki', format: 'pem' }).toString();
const publicJwk = JSON.stringify(issuerKey.jwk);

/** docs/security.md lists them. */
const attacks: readonly (readonly [what: string, token: string, reason: string])[] = [
  ['alg none', `${unsigned({ alg: 'none', kid: 'key-1' }, claimsWith())}.`, 'token_invalid'],
  [
    'alg none with a signature',
    signToken(issuerKey, claimsWith(), { alg: 'none' }),
    'token_invalid',
  ],
  ['alg None', signToken(issuerKey, claimsWith(), { alg: 'None' }), 'token_invalid'],
  ['no alg', signToken(issuerKey, claimsWith(), { alg: undefined }), 'token_invalid'],
  [
    'HS256 with the public key in PEM as the secret',
    signWithSecret(publicPem, claimsWith(), { kid: 'key-1' }),
    'token_invalid',
  ],
  [
    'HS256 with the public JWK as the secret',
    signWithSecret(publicJwk, claimsWith(), { kid: 'key-1' }),
    'token_invalid',
  ],
  ['the algorithm of another key', signToken(strangerRsa, claimsWith()), 'token_invalid'],
  ['a key of the same name', signToken(stranger, claimsWith()), 'token_invalid'],
  ['its own key in jwk', signToken(stranger, claimsWith(), { jwk: stranger.jwk }), 'token_invalid'],
  [
    'a key set of its own in jku',
    signToken(stranger, claimsWith(), { jku: 'http://127.0.0.1:1/jwks' }),
    'token_invalid',
  ],
  [
    'a certificate of its own in x5u and x5c',
    signToken(stranger, claimsWith(), { x5u: 'http://127.0.0.1:1/c', x5c: ['MIIB'] }),
    'token_invalid',
  ],
  [
    'an alg that is deeper than JSON can be written',
    `${Buffer.from(`{"alg":${'['.repeat(5500)}${']'.repeat(5500)}}`).toString('base64url')}.${goodClaims}.x`,
    'token_invalid',
  ],
  ['no kid', signToken(issuerKey, claimsWith(), { kid: undefined }), 'token_invalid'],
  [
    'a kid that is a path',
    signToken(stranger, claimsWith(), { kid: '/dev/null' }),
    'token_invalid',
  ],
  [
    'a kid with the algorithm in it',
    signToken(stranger, claimsWith(), { kid: 'ES256 key-1' }),
    'token_invalid',
  ],
  ['a kid in another case', signToken(issuerKey, claimsWith(), { kid: 'KEY-1' }), 'token_invalid'],
  ['a kid in a list', signToken(issuerKey, claimsWith(), { kid: ['key-1'] }), 'token_invalid'],
  [
    'a kid of a prototype',
    signToken(stranger, claimsWith(), { kid: '__proto__' }),
    'token_invalid',
  ],
  ['crit', signToken(issuerKey, claimsWith(), { crit: ['exp'] }), 'token_invalid'],
  ['an empty crit', signToken(issuerKey, claimsWith(), { crit: [] }), 'token_invalid'],
  [
    'the payload outside (b64)',
    signToken(issuerKey, claimsWith(), { b64: false, crit: ['b64'] }),
    'token_invalid',
  ],
  ['a logout token', signToken(issuerKey, claimsWith(), { typ: 'logout+jwt' }), 'token_invalid'],
  ['a typ that is no text', signToken(issuerKey, claimsWith(), { typ: 7 }), 'token_invalid'],
  [
    'expired',
    signToken(issuerKey, claimsWith({ iat: nowSeconds - 100, exp: nowSeconds - 31 })),
    'token_expired',
  ],
  ['not valid yet', signToken(issuerKey, claimsWith({ nbf: nowSeconds + 31 })), 'token_invalid'],
  [
    'issued in the future',
    signToken(issuerKey, claimsWith({ iat: nowSeconds + 31 })),
    'token_invalid',
  ],
  ['too long-lived', signToken(issuerKey, claimsWith({ exp: nowSeconds + 301 })), 'token_invalid'],
  ['an exp beyond all numbers', signToken(issuerKey, claimsWith({ exp: 1e300 })), 'token_invalid'],
  [
    'an exp that is text',
    signToken(issuerKey, claimsWith({ exp: `${nowSeconds + 60}` })),
    'token_invalid',
  ],
  ['an nbf that is text', signToken(issuerKey, claimsWith({ nbf: 'now' })), 'token_invalid'],
  ['another audience', signToken(issuerKey, claimsWith({ aud: 'invoices' })), 'token_invalid'],
  [
    'an audience that ours begins',
    signToken(issuerKey, claimsWith({ aud: 'orders-admin' })),
    'token_invalid',
  ],
  [
    'an audience in another case',
    signToken(issuerKey, claimsWith({ aud: 'Orders' })),
    'token_invalid',
  ],
  ['no audience in its list', signToken(issuerKey, claimsWith({ aud: [] })), 'token_invalid'],
  [
    'an audience that is an object',
    signToken(issuerKey, claimsWith({ aud: { orders: true } })),
    'token_invalid',
  ],
  [
    'another issuer',
    signToken(issuerKey, claimsWith({ iss: 'https://evil.example' })),
    'token_invalid',
  ],
  [
    'an issuer with a slash more',
    signToken(issuerKey, claimsWith({ iss: 'https://tokens.prod.example/' })),
    'token_invalid',
  ],
  [
    'a list of issuers',
    signToken(issuerKey, claimsWith({ iss: ['https://tokens.prod.example'] })),
    'token_invalid',
  ],
  ...['iss', 'sub', 'aud', 'iat', 'exp'].map(
    (claim) =>
      [
        `no ${claim}`,
        signToken(issuerKey, claimsWith({ [claim]: undefined })),
        'token_invalid',
      ] as const,
  ),
  ['an empty sub', signToken(issuerKey, claimsWith({ sub: '' })), 'token_invalid'],
  ['a sub that is a list', signToken(issuerKey, claimsWith({ sub: ['a'] })), 'token_invalid'],
  ['a sub with a line break', signToken(issuerKey, claimsWith({ sub: 'a\nb' })), 'token_invalid'],
  [
    'the SPIFFE ID of a workload as sub',
    signToken(issuerKey, claimsWith({ sub: admin })),
    'token_invalid',
  ],
  [
    'a SPIFFE ID in another case as sub',
    signToken(issuerKey, claimsWith({ sub: admin.replace('spiffe', 'SPIFFE') })),
    'token_invalid',
  ],
  [
    'a bound token without the proof (DPoP)',
    signToken(issuerKey, claimsWith({ cnf: { jkt: 'x' } })),
    'token_invalid',
  ],
  [
    'a token bound to a certificate that nobody shows',
    signToken(issuerKey, claimsWith({ cnf: { 'x5t#S256': 'x' } })),
    'token_invalid',
  ],
  [
    'other claims under a good signature',
    `${goodHeader}.${encoded(claimsWith({ sub: 'root' }))}.${goodSignature}`,
    'token_invalid',
  ],
  [
    'another header under a good signature',
    `${encoded({ alg: 'ES256', kid: 'key-1' })}.${goodClaims}.${goodSignature}`,
    'token_invalid',
  ],
  ['a signature cut short', good.slice(0, -4), 'token_invalid'],
  [
    'a signature of zeros (CVE-2022-21449)',
    `${goodHeader}.${goodClaims}.${'A'.repeat(86)}`,
    'token_invalid',
  ],
  ['a JWE', `${good}.AAAA.AAAA`, 'token_invalid'],
  ['two parts', `${goodHeader}.${goodClaims}`, 'token_invalid'],
  ['an empty signature', `${goodHeader}.${goodClaims}.`, 'token_invalid'],
  ['padding', `${goodHeader}=.${goodClaims}.${goodSignature}`, 'token_invalid'],
  ['a header that is a list', `${encoded([])}.${goodClaims}.${goodSignature}`, 'token_invalid'],
  ['no JWT at all', 'opaque', 'token_invalid'],
  [
    'more values than a token may have',
    signToken(issuerKey, claimsWith({ groups: Array.from({ length: 1024 }, () => 0) })),
    'token_invalid',
  ],
  [
    'more scopes than a token may have',
    signToken(issuerKey, claimsWith({ scope: 'a '.repeat(1024) })),
    'token_invalid',
  ],
  [
    'longer than a token may be',
    signToken(issuerKey, claimsWith({ pad: 'x'.repeat(16_384) })),
    'token_invalid',
  ],
];

for (const [what, token, reason] of attacks) {
  test(`a token with ${what}: ${reason}`, async () => {
    for (const require of ['either', 'none', 'peer', 'token'] as const) {
      const callers = callersWith({ require });
      const answer = await callers.resolve(bearing(token, { principal: web }));
      assert.equal(outcome(answer), reason, require);
    }
  });
}

function encoded(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}

test('a good token is the caller', async () => {
  assert.equal(outcome(await callersWith().resolve(bearing(good))), 'orders-client');
});

test('a token may be of many groups', async () => {
  const groups = Array.from({ length: 900 }, (_, index) => `group-${index}`);
  const token = signToken(issuerKey, claimsWith({ groups }));
  assert.equal(outcome(await callersWith().resolve(bearing(token))), 'orders-client');
});

const headers: readonly (readonly [what: string, value: string, outcome: string])[] = [
  ['the scheme in lower case', `bearer ${good}`, 'orders-client'],
  ['the scheme in capitals', `BEARER ${good}`, 'orders-client'],
  ['two spaces', `Bearer  ${good}`, 'orders-client'],
  ['twice the same', `Bearer ${good},Bearer ${good}`, 'token_invalid'],
  ['twice, with a space', `Bearer ${good}, Bearer ${good}`, 'token_invalid'],
  ['behind another scheme', `Basic dTpw,Bearer ${good}`, 'token_invalid'],
  ['before another scheme', `Bearer ${good},Basic dTpw`, 'token_invalid'],
  ['behind an empty one', `,Bearer ${good}`, 'token_invalid'],
  ['before an empty one', `Bearer ${good},`, 'token_invalid'],
  ['no token', 'Bearer', 'token_invalid'],
  ['only spaces', 'Bearer   ', 'token_invalid'],
  ['two tokens', `Bearer ${good} ${good}`, 'token_invalid'],
  ['a tab', `Bearer\t${good}`, 'token_invalid'],
  ['bytes that are not ASCII', `Bearer ${good}\ufffd`, 'token_invalid'],
  ['another scheme', 'Basic dTpw', 'unauthenticated'],
  ['a scheme that Bearer begins', `Bearers ${good}`, 'unauthenticated'],
  ['nothing', '', 'unauthenticated'],
];

for (const [what, authorization, expected] of headers) {
  test(`authorization with ${what}: ${expected}`, async () => {
    const answer = await callersWith().resolve(requestFrom({ headers: { authorization } }));
    assert.equal(outcome(answer), expected);
  });
}
