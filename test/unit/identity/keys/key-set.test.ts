import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emptinessOf, readKeySet } from '../../../../src/identity/keys/key-set.ts';
import { createIssuerKey } from '../../../setup/token-issuer.ts';

const ec = createIssuerKey('ec');
const rsa = createIssuerKey('rsa', 'RS256');
const ed = createIssuerKey('ed', 'EdDSA');

async function namesIn(keys: readonly object[], algorithms = ['ES256', 'RS256', 'EdDSA'] as const) {
  return [...(await readKeySet(JSON.stringify({ keys }), algorithms)).keys()];
}

test('a key is known by its algorithm and its kid', async () => {
  const names = await namesIn([ec.jwk, rsa.jwk, ed.jwk]);
  assert.deepEqual(names, ['ES256 ec', 'RS256 rsa', 'EdDSA ed']);
});

const unusable: readonly (readonly [why: string, jwk: object])[] = [
  ['for encryption', { ...ec.jwk, use: 'enc' }],
  ['not for verification', { ...ec.jwk, key_ops: ['sign'] }],
  ['for another algorithm', { ...ec.jwk, alg: 'ES384' }],
  ['a secret', { kty: 'oct', k: 'c2VjcmV0', kid: 'ec' }],
  ['a secret that says it is for RS256', { kty: 'oct', k: 'c2VjcmV0', kid: 'ec', alg: 'RS256' }],
  ['without a kid', { ...ec.jwk, kid: undefined }],
  ['with a kid that is no text', { ...ec.jwk, kid: 7 }],
  ['not on its curve', { ...ec.jwk, y: ec.jwk['x'] }],
  ['of another curve', { ...ec.jwk, crv: 'P-384' }],
  ['without a type', { ...ec.jwk, kty: undefined }],
  ['with an endless modulus', { ...rsa.jwk, n: 'A'.repeat(10_000) }],
];

for (const [why, jwk] of unusable) {
  test(`a key ${why} is left out, and the others are not`, async () => {
    assert.deepEqual(await namesIn([jwk, ed.jwk]), ['EdDSA ed']);
  });
}

test('a set of so many keys that checks would wait for them is refused', async () => {
  const keys = Array.from({ length: 257 }, (_, at) => ({ ...ec.jwk, kid: String(at) }));
  await assert.rejects(namesIn(keys), /has 257 keys, and may have 256/);
  assert.equal((await namesIn(keys.slice(1))).length, 256);
});

test('of two keys with one kid the first is taken', async () => {
  const { privateKey: _kept, ...second } = createIssuerKey('ec');
  const [first] = (await readKeySet(JSON.stringify({ keys: [ec.jwk] }), ['ES256'])).values();
  const text = JSON.stringify({ keys: [ec.jwk, second.jwk] });
  const [key] = (await readKeySet(text, ['ES256'])).values();
  assert.equal(key?.source, first?.source);
});

test('a private key in a set is taken for its public part', async () => {
  const jwk = { ...ec.privateKey.export({ format: 'jwk' }), kid: 'ec' };
  const [key] = (await readKeySet(JSON.stringify({ keys: [jwk] }), ['ES256'])).values();
  assert.equal(key?.key.type, 'public');
  assert.ok(!key?.source.includes('"d"'));
});

function textOf(...jwks: readonly object[]): string {
  return JSON.stringify({ keys: jwks });
}

test('a key that stays is the same object, and one that changes is not', async () => {
  const before = await readKeySet(textOf(ec.jwk, ed.jwk), ['ES256', 'EdDSA']);
  const changed = createIssuerKey('ec').jwk;
  const after = await readKeySet(
    textOf(changed, { ...ed.jwk, use: 'sig' }),
    ['ES256', 'EdDSA'],
    before,
  );
  assert.equal(after.get('EdDSA ed'), before.get('EdDSA ed'));
  assert.notEqual(after.get('ES256 ec'), before.get('ES256 ec'));
});

for (const garbage of ['', 'x', '[]', '{}', '{"keys":{}}', '{"keys":null}', '<html>']) {
  test(`${garbage || 'nothing'} is no key set`, async () => {
    await assert.rejects(readKeySet(garbage, ['ES256']), /is no JWK set/);
  });
}

test('a set without a usable key is one, and says what it lacks', async () => {
  const keys = await readKeySet('{"keys":[null,7,{}]}', ['ES256', 'EdDSA']);
  assert.equal(emptinessOf(keys, ['ES256', 'EdDSA']), 'has no key with a kid for ES256, EdDSA');
});
