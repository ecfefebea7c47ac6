import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Denial } from '../../../src/domain/decision/decision.ts';
import { createIssuerKey, signToken } from '../../setup/token-issuer.ts';
import { requestFrom } from '../request-fixture.ts';
import {
  bearing,
  callersWith,
  claimsWith,
  FakeClock,
  issuerKey,
  nowSeconds,
  outcome,
  web,
} from './callers.ts';

const token = signToken(issuerKey, claimsWith());
const stranger = 'spiffe://evil/ns/shop/sa/web';

/** Who is the caller, by what is required and what is shown. */
const requirements = [
  ['peer', { none: 'unauthenticated', peer: web, token: 'unauthenticated', both: web }],
  [
    'token',
    {
      none: 'unauthenticated',
      peer: 'unauthenticated',
      token: 'orders-client',
      both: 'orders-client',
    },
  ],
  ['either', { none: 'unauthenticated', peer: web, token: 'orders-client', both: web }],
  ['none', { none: undefined, peer: web, token: 'orders-client', both: web }],
] as const;

for (const [require, expected] of requirements) {
  test(`where ${require} is required, the caller is whoever proves it`, async () => {
    const callers = callersWith({ require });
    const found = {
      none: outcome(await callers.resolve(requestFrom({}))),
      peer: outcome(await callers.resolve(requestFrom({ principal: web }))),
      token: outcome(await callers.resolve(bearing(token))),
      both: outcome(await callers.resolve(bearing(token, { principal: web }))),
    };
    assert.deepEqual(found, expected);
    // A stranger's certificate proves nothing, and takes nothing away.
    assert.equal(
      outcome(await callers.resolve(requestFrom({ principal: stranger }))),
      expected.none,
    );
    assert.equal(
      outcome(await callers.resolve(bearing(token, { principal: stranger }))),
      expected.token,
    );
  });
}

test('a field that was tampered with is refused, whatever else is proven', async () => {
  for (const require of ['either', 'none', 'token'] as const) {
    const callers = callersWith({ require, sources: ['xfcc'] });
    const headers = { 'x-forwarded-client-cert': 'URI="' };
    assert.equal(outcome(await callers.resolve(bearing(token, { headers }))), 'untrusted_peer');
  }
});

test('what a token says is with the caller', async () => {
  const claims = claimsWith({
    scope: 'orders:read orders:write',
    aud: ['orders', 'x'],
    amr: ['mfa'],
  });
  const caller = await callersWith().resolve(bearing(signToken(issuerKey, claims)));
  assert.deepEqual(caller, {
    principal: 'orders-client',
    source: 'jwt',
    token: {
      issuer: 'https://tokens.prod.example',
      subject: 'orders-client',
      audience: ['orders', 'x'],
      scopes: ['orders:read', 'orders:write'],
      claims,
      expiresAt: nowSeconds + 60,
    },
  });
});

test('scopes are read however the issuer writes them', async () => {
  for (const written of [
    { scope: 'a b' },
    { scope: ['a', 'b'] },
    { scp: 'a b' },
    { scp: ['a', 'b'] },
  ]) {
    const caller = await callersWith().resolve(bearing(signToken(issuerKey, claimsWith(written))));
    assert.ok(caller !== undefined && !(caller instanceof Denial));
    assert.deepEqual(caller.token?.scopes, ['a', 'b'], JSON.stringify(written));
  }
});

test('a token without a required scope is not valid', async () => {
  const callers = callersWith({ issuers: [{ scopes: ['orders:read', 'orders:write'] }] });
  const withScope = (scope: string) =>
    callers.resolve(bearing(signToken(issuerKey, claimsWith({ scope }))));
  assert.equal(outcome(await withScope('orders:read')), 'token_invalid');
  assert.equal(outcome(await withScope('orders:read orders:writer')), 'token_invalid');
  assert.equal(outcome(await withScope('orders:write x orders:read')), 'orders-client');
});

test('a token that must have a typ is not valid without, or with another', async () => {
  const callers = callersWith({ issuers: [{ types: ['at+jwt'] }] });
  const withType = (typ: string | undefined) =>
    callers.resolve(bearing(signToken(issuerKey, claimsWith(), { typ })));
  assert.equal(outcome(await withType(undefined)), 'token_invalid');
  assert.equal(outcome(await withType('JWT')), 'token_invalid');
  assert.equal(outcome(await withType('at+jwt')), 'orders-client');
  assert.equal(outcome(await withType('application/AT+JWT')), 'orders-client');
});

test('an issuer of JWT-SVIDs speaks for the workloads of its trust domains, and for nobody else', async () => {
  const callers = callersWith({ issuers: [{ trustDomains: ['prod'] }] });
  const named = (sub: string) =>
    callers.resolve(bearing(signToken(issuerKey, claimsWith({ sub }))));
  const caller = await named(web);
  assert.ok(caller !== undefined && !(caller instanceof Denial));
  assert.equal(caller.principal, web);
  assert.equal(caller.spiffe?.serviceAccount, 'web');
  for (const sub of [
    'spiffe://partner/x',
    'spiffe://prod',
    'spiffe://prod/../x',
    'orders-client',
  ]) {
    assert.equal(outcome(await named(sub)), 'token_invalid', sub);
  }
});

test('a federated trust domain is known and marked, by certificate and by token', async () => {
  const callers = callersWith({ issuers: [{ trustDomains: ['partner'] }] });
  const uri = 'spiffe://partner/ns/a/sa/b';
  for (const request of [
    requestFrom({ principal: uri }),
    bearing(signToken(issuerKey, claimsWith({ sub: uri }))),
  ]) {
    const caller = await callers.resolve(request);
    assert.ok(caller !== undefined && !(caller instanceof Denial));
    assert.deepEqual([caller.principal, caller.federated], [uri, true]);
  }
});

function namedWith(principalPrefix: string, sub: string) {
  const callers = callersWith({ issuers: [{ principalPrefix }] });
  return callers.resolve(bearing(signToken(issuerKey, claimsWith({ sub }))));
}

test('a prefix keeps the callers of an issuer apart, and makes up no SPIFFE ID', async () => {
  assert.equal(outcome(await namedWith('ci:', 'deploy')), 'ci:deploy');
  assert.equal(outcome(await namedWith('spiffe:', '//prod/ns/shop/sa/web')), 'token_invalid');
});

test('a token that is bound to its peer is good in the hands of that peer alone', async () => {
  const callers = callersWith({ issuers: [{ bindTo: 'peer' }] });
  const bound = signToken(issuerKey, claimsWith({ sub: web }));
  const shownBy = async (principal: string | undefined) =>
    outcome(await callers.resolve(bearing(bound, principal === undefined ? {} : { principal })));
  assert.equal(await shownBy(web), web);
  assert.equal(await shownBy('spiffe://prod/ns/shop/sa/billing'), 'token_invalid');
  assert.equal(await shownBy(`${web}2`), 'token_invalid');
  assert.equal(await shownBy(stranger), 'token_invalid');
  assert.equal(await shownBy(undefined), 'token_invalid');
});

test('a token that is bound to a certificate is good with that certificate alone', async () => {
  const hash = 'ab'.repeat(32);
  const cnf = { 'x5t#S256': Buffer.from(hash, 'hex').toString('base64url') };
  const bound = signToken(issuerKey, claimsWith({ cnf }));
  const shownWith = async (field: string, sources: readonly ('peer' | 'xfcc')[]) => {
    const headers = { 'x-forwarded-client-cert': field };
    const callers = callersWith({ sources });
    return outcome(await callers.resolve(bearing(bound, { principal: web, headers })));
  };
  const both = ['peer', 'xfcc'] as const;
  assert.equal(await shownWith(`By=x;Hash=${hash};URI=${web}`, both), web);
  assert.equal(await shownWith(`By=x;Hash=${hash.toUpperCase()};URI=${web}`, ['xfcc']), web);
  const refused = [
    `By=x;Hash=${'cd'.repeat(32)};URI=${web}`,
    `By=x;Hash=${hash};Hash=${hash};URI=${web}`,
    `By=x;Hash=${hash};URI=spiffe://prod/ns/shop/sa/billing`,
    `By=x;Hash=${hash};URI=${web},By=x;URI=${web}`,
    `By=x;URI=${web}`,
    '',
  ];
  for (const field of refused) assert.equal(await shownWith(field, both), 'token_invalid', field);
  assert.equal(await shownWith(`By=x;Hash=${hash};URI=${web}`, ['peer']), 'token_invalid');
});

const userHeader = 'x-user-token';
const userKey = createIssuerKey('user-key');

test('the person on whose behalf a caller calls comes in a header of its own', async () => {
  const callers = callersWith({
    issuers: [{}, { issuer: 'https://users.example', kind: 'user', header: userHeader }],
  });
  const user = signToken(issuerKey, claimsWith({ iss: 'https://users.example', sub: 'alice' }));
  const caller = await callers.resolve(
    bearing(token, { principal: web, headers: { [userHeader]: user } }),
  );
  assert.ok(caller !== undefined && !(caller instanceof Denial));
  assert.deepEqual(
    [caller.principal, caller.token?.subject, caller.user?.subject],
    [web, 'orders-client', 'alice'],
  );
  const alone = requestFrom({ headers: { [userHeader]: `Bearer ${user}` } });
  assert.equal(outcome(await callers.resolve(alone)), 'unauthenticated', 'a person is no caller');
  const swapped = requestFrom({ headers: { authorization: `Bearer ${user}` }, principal: web });
  assert.equal(outcome(await callers.resolve(swapped)), 'token_invalid', 'in the wrong header');
  const forged = signToken(userKey, claimsWith({ iss: 'https://users.example', sub: 'alice' }));
  const bad = bearing(token, { principal: web, headers: { [userHeader]: forged } });
  assert.equal(outcome(await callers.resolve(bad)), 'token_invalid');
});

test('two service tokens are one too many', async () => {
  const callers = callersWith({
    issuers: [{}, { issuer: 'https://ci.example', header: 'x-ci-token' }],
  });
  const other = signToken(issuerKey, claimsWith({ iss: 'https://ci.example' }));
  const request = bearing(token, { headers: { 'x-ci-token': other } });
  assert.equal(outcome(await callers.resolve(request)), 'token_invalid');
});

test('a peer alone, and a token that was seen before, are known at once', async () => {
  const callers = callersWith();
  assert.ok(!(callers.resolve(requestFrom({ principal: web })) instanceof Promise));
  const first = callers.resolve(bearing(token));
  assert.ok(first instanceof Promise);
  await first;
  assert.ok(!(callers.resolve(bearing(token)) instanceof Promise));
});

test('a token for one use is good once, and not for whoever may not show it', async () => {
  const clock = new FakeClock();
  const callers = callersWith({ clock, issuers: [{ replay: { claim: 'jti' }, bindTo: 'peer' }] });
  const single = signToken(issuerKey, claimsWith({ sub: web, jti: 'a' }));
  const byPeer = async (principal: string) =>
    outcome(await callers.resolve(bearing(single, { principal })));
  assert.equal(await byPeer('spiffe://prod/ns/shop/sa/thief'), 'token_invalid');
  assert.equal(await byPeer(web), web, 'the thief has not used it up');
  assert.equal(await byPeer(web), 'token_replayed');
  clock.advance(89_000);
  assert.equal(await byPeer(web), 'token_replayed', 'until it expires, with the clock’s skew');
  clock.advance(2_000);
  assert.equal(await byPeer(web), 'token_expired');
});

test('a token for one use that does not say which one it is, is not valid', async () => {
  const callers = callersWith({ issuers: [{ replay: { claim: 'jti' } }] });
  for (const jti of [undefined, '', 7]) {
    const nameless = signToken(issuerKey, claimsWith({ jti }));
    assert.equal(outcome(await callers.resolve(bearing(nameless))), 'token_invalid');
  }
});

test('when nobody can say whether a token was used, it is denied', async () => {
  const replays = { use: () => Promise.reject(new Error('Redis is not connected')) };
  const callers = callersWith({ replays, issuers: [{ replay: { claim: 'jti' } }] });
  const single = signToken(issuerKey, claimsWith({ jti: 'a' }));
  const answer = await callers.resolve(bearing(single));
  assert.ok(answer instanceof Denial);
  assert.equal(answer.reason, 'internal');
  assert.match(answer.detail, /Redis is not connected/);
});
