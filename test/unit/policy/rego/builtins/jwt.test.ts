import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { jwtBuiltins } from '../../../../../src/policy/rego/builtins/jwt/jwt.ts';
import { readJson } from '../../../../../src/policy/rego/builtins/read-json.ts';
import type { RegoValue } from '../../../../../src/policy/rego/value.ts';
import { answer, testAgainstOracle } from './oracle.ts';

testAgainstOracle('jwt', jwtBuiltins);

function run(builtin: string, ...operands: readonly RegoValue[]): RegoValue | undefined {
  return answer(jwtBuiltins, { builtin: `io.jwt.${builtin}`, operands, nowNs: 0n });
}

const pairs = [
  ['RS256', generateKeyPairSync('rsa', { modulusLength: 2048 })],
  ['PS384', generateKeyPairSync('rsa', { modulusLength: 2048 })],
  ['ES256', generateKeyPairSync('ec', { namedCurve: 'P-256' })],
  ['ES512', generateKeyPairSync('ec', { namedCurve: 'P-521' })],
  ['EdDSA', generateKeyPairSync('ed25519')],
] as const;

for (const [alg, { privateKey, publicKey }] of pairs) {
  test(`a token that encode_sign signs with ${alg} verifies, and does not once it is altered`, () => {
    const jwk = JSON.stringify(privateKey.export({ format: 'jwk' }));
    const token = run('encode_sign_raw', JSON.stringify({ alg }), '{"sub":"alice"}', jwk);
    assert.ok(typeof token === 'string');
    const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const builtin = `verify_${alg.toLowerCase()}`;
    assert.equal(run(builtin, token, pem), true);
    assert.equal(run(builtin, token.replace('.', '.A'), pem), false);
    const constraints = readJson(JSON.stringify({ cert: pem }));
    assert.ok(Array.isArray(run('decode_verify', token, constraints)));
  });
}

test('a nested token of many quotes takes no longer than its length', () => {
  const header = Buffer.from('{"cty":"JWT"}').toString('base64url');
  const payload = Buffer.from(`${'"'.repeat(500_000)}x`).toString('base64url');
  const started = performance.now();
  assert.equal(run('decode', `${header}.${payload}.`), undefined);
  assert.ok(performance.now() - started < 5000);
});
