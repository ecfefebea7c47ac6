import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { SignatureAlgorithm } from '../../src/domain/bundle-settings.ts';

const hmacSecret = 'a secret for tests only';
const curves: Readonly<Record<string, string>> = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' };

/** A new pair in PEM, or the secret that stands for both. */
export function newKeys(algorithm: SignatureAlgorithm): { signing: string; verification: string } {
  if (algorithm.startsWith('HS')) return { signing: hmacSecret, verification: hmacSecret };
  const namedCurve = curves[algorithm];
  const { privateKey, publicKey } =
    namedCurve === undefined
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve });
  return { signing: pemOf(privateKey, 'pkcs8'), verification: pemOf(publicKey, 'spki') };
}

function pemOf(key: KeyObject, type: 'pkcs8' | 'spki'): string {
  return String(key.export({ type, format: 'pem' }));
}
