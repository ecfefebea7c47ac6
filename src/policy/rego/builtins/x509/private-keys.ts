import { createPrivateKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { BuiltinError, type Spend } from '../../builtin.ts';
import type { RegoValue } from '../../value.ts';
import { decodeBase64 } from '../go/base64.ts';
import { ecdsaBytes } from '../jwt/jws.ts';
import { pemBlocks } from './pem.ts';
import { regoObject } from '../rego-object.ts';
import { coordinate } from './public-key.ts';

const derTypes: ReadonlyMap<string, 'pkcs1' | 'pkcs8' | 'sec1'> = new Map([
  ['RSA PRIVATE KEY', 'pkcs1'],
  ['PRIVATE KEY', 'pkcs8'],
  ['EC PRIVATE KEY', 'sec1'],
]);

/** The private keys of a PEM text, which may itself be in base64; other blocks are passed over. */
export function readPrivateKeys(text: string, spend: Spend): KeyObject[] {
  const pem = decodeBase64(text)?.toString() ?? text;
  return Array.from(pemBlocks(pem, spend)).flatMap(({ type, bytes }) => {
    const derType = derTypes.get(type);
    return derType === undefined ? [] : [readPrivateKey(bytes, derType)];
  });
}

export function readPrivateKey(der: Buffer, type: 'pkcs1' | 'pkcs8' | 'sec1'): KeyObject {
  let key;
  try {
    key = createPrivateKey({ key: der, format: 'der', type });
  } catch {
    throw new BuiltinError('x509: failed to parse private key');
  }
  const kind = key.asymmetricKeyType;
  if (kind === 'rsa' || kind === 'ed25519' || ecdsaBytes(key) !== undefined) return key;
  throw new BuiltinError('x509: unknown kind of private key or elliptic curve');
}

/** A private key as Go writes it in JSON. */
export function privateKeyObject(key: KeyObject): RegoValue {
  const jwk = key.export({ format: 'jwk' });
  const number = (name: keyof JsonWebKey) => coordinate(String(jwk[name]));
  if (key.asymmetricKeyType === 'rsa') {
    return regoObject({
      N: number('n'),
      E: number('e'),
      D: number('d'),
      Primes: [number('p'), number('q')],
      Precomputed: regoObject({
        Dp: number('dp'),
        Dq: number('dq'),
        Qinv: number('qi'),
        CRTValues: [],
      }),
    });
  }
  return key.asymmetricKeyType === 'ec'
    ? regoObject({ Curve: regoObject({}), X: number('x'), Y: number('y'), D: number('d') })
    : Buffer.concat([part(jwk.d), part(jwk.x)]).toString('base64');
}

/** A private key as a JWK. */
export function privateJwk(key: KeyObject): RegoValue {
  const members = Object.entries(key.export({ format: 'jwk' }));
  return regoObject(Object.fromEntries(members.map(([name, value]) => [name, String(value)])));
}

function part(base64url: string | undefined): Buffer {
  return Buffer.from(base64url ?? '', 'base64url');
}
