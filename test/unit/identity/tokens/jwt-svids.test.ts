import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Denial } from '../../../../src/domain/decision/decision.ts';
import { readKeySet } from '../../../../src/identity/keys/key-set.ts';
import { fixedKeys } from '../../../../src/identity/keys/key-source.ts';
import {
  createIssuerKey,
  type IssuerKey,
  keySetText,
  signToken,
} from '../../../setup/token-issuer.ts';
import {
  bearing,
  callersWith,
  claimsWith,
  issuerKey,
  issuerName,
  outcome,
  web,
} from '../callers.ts';

const partnerWeb = 'spiffe://partner/ns/shop/sa/web';
/** Under one id, so that only the trust domain tells them apart. */
const [prodKey, partnerKey] = [createIssuerKey('same'), createIssuerKey('same')];

async function bundleOf(trustDomain: string, key: IssuerKey) {
  return {
    issuer: `spiffe://${trustDomain}`,
    keys: { kind: 'trustBundle', socketPath: '/agent.sock', trustDomain, keepMs: 1 },
    trustDomains: [trustDomain],
    source: fixedKeys(await readKeySet(keySetText([key]), ['ES256'])),
  } as const;
}

const judged: string[] = [];
const callers = callersWith({
  require: 'token',
  issuers: [{}, await bundleOf('prod', prodKey), await bundleOf('partner', partnerKey)],
  onJudged: (issuer, result) => judged.push(`${issuer} ${result}`),
});

function show(key: IssuerKey, claims: object, peer?: string) {
  const token = signToken(key, claimsWith({ iss: undefined, ...claims }));
  const parts = peer === undefined ? {} : { principal: peer };
  return callers.resolve(bearing(token, parts));
}

test('a JWT-SVID needs no iss, and is of the trust domain of its sub', async () => {
  for (const [key, sub] of [
    [prodKey, web],
    [partnerKey, partnerWeb],
  ] as const) {
    const caller = await show(key, { sub });
    assert.ok(caller !== undefined && !(caller instanceof Denial), JSON.stringify(caller));
    assert.equal(caller.principal, sub);
    assert.equal(caller.token?.issuer, sub.replace('/ns/shop/sa/web', ''));
  }
});

test('what its iss says makes no difference', async () => {
  for (const iss of ['https://spire.prod.example', 'spiffe://partner', 'spiffe://prod', 7]) {
    assert.equal(outcome(await show(prodKey, { sub: web, iss })), web);
  }
});

test('a key verifies no SPIFFE ID of another trust domain, whoever shows it', async () => {
  for (const [key, sub] of [
    [partnerKey, web],
    [prodKey, partnerWeb],
  ] as const) {
    for (const iss of [undefined, 'spiffe://partner', 'spiffe://prod']) {
      for (const peer of [undefined, web, partnerWeb]) {
        assert.equal(outcome(await show(key, { sub, iss }, peer)), 'token_invalid');
      }
    }
  }
});

test('a token that names another issuer is that one’s to have signed', async () => {
  assert.equal(outcome(await show(prodKey, { sub: web, iss: issuerName })), 'token_invalid');
  assert.equal(outcome(await show(issuerKey, { sub: 'ci', iss: issuerName })), 'ci');
});

test('a sub that is no SPIFFE ID of a known trust domain is nobody’s', async () => {
  for (const sub of [
    'web',
    'spiffe://other/web',
    'spiffe://prod.partner/web',
    'spiffe://PROD/web',
  ]) {
    judged.length = 0;
    assert.equal(outcome(await show(prodKey, { sub })), 'token_invalid');
    assert.deepEqual(judged, ['other token_invalid']);
  }
  assert.equal(outcome(await show(prodKey, { sub: 'spiffe://prod' })), 'token_invalid');
});
