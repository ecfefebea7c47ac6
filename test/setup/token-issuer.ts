import { createHmac, type KeyObject, generateKeyPairSync, sign } from 'node:crypto';
import type { JsonObject } from '../../src/domain/json.ts';

export type IssuerAlgorithm = 'ES256' | 'RS256' | 'EdDSA';

const generators: Readonly<
  Record<IssuerAlgorithm, () => { publicKey: KeyObject; privateKey: KeyObject }>
> = {
  ES256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  RS256: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
  EdDSA: () => generateKeyPairSync('ed25519'),
};

/** A key as an issuer has it. */
export interface IssuerKey {
  readonly kid: string;
  readonly algorithm: IssuerAlgorithm;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  /** What it publishes. */
  readonly jwk: JsonObject;
}

export function createIssuerKey(kid: string, algorithm: IssuerAlgorithm = 'ES256'): IssuerKey {
  const { publicKey, privateKey } = generators[algorithm]();
  const jwk = { ...(publicKey.export({ format: 'jwk' }) as JsonObject), kid, use: 'sig' };
  return { kid, algorithm, publicKey, privateKey, jwk };
}

export function keySetText(keys: readonly IssuerKey[]): string {
  return JSON.stringify({ keys: keys.map(({ jwk }) => jwk) });
}

/** A signed JWT; `header` goes over `alg` and `kid`. Nothing is checked: tests sign nonsense too. */
export function signToken(key: IssuerKey, claims: object, header: object = {}): string {
  const text = unsigned({ alg: key.algorithm, kid: key.kid, typ: 'JWT', ...header }, claims);
  const hash = key.algorithm === 'EdDSA' ? null : 'sha256';
  const signature = sign(hash, Buffer.from(text), {
    key: key.privateKey,
    dsaEncoding: 'ieee-p1363',
  });
  return `${text}.${signature.toString('base64url')}`;
}

/** Signed with a secret, as HS256 has it. */
export function signWithSecret(secret: string, claims: object, header: object): string {
  const text = unsigned({ alg: 'HS256', ...header }, claims);
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
}

/** What a signature is of. */
export function unsigned(header: object, claims: object): string {
  return [header, claims].map(encode).join('.');
}

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}
