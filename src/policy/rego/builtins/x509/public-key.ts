import { createPublicKey, type KeyObject } from 'node:crypto';
import type { RegoValue } from '../../value.ts';
import { derInteger, derOid, derTags, derBits, DerSequence, malformed, readDer } from './der.ts';
import { ecdsaBytes } from '../jwt/jws.ts';
import { numberOf, regoObject } from '../rego-object.ts';

/** A public key as Go writes it in JSON. */
export interface X509PublicKey {
  /** Go's number of the algorithm, 0 for one that it does not know. */
  readonly algorithm: number;
  readonly shape: RegoValue;
  /** Absent for a key that Go does not know. */
  readonly key: KeyObject | undefined;
}

const rsa = '1.2.840.113549.1.1.1';
const ecdsa = '1.2.840.10045.2.1';
const ed25519 = '1.3.101.112';

/** Reads a SubjectPublicKeyInfo. */
export function readPublicKey(spki: Buffer): X509PublicKey {
  const members = DerSequence.of(readDer(spki));
  const oid = derOid(DerSequence.of(members.next()).next(derTags.oid)).join('.');
  const { bytes } = derBits(members.next(derTags.bitString));
  switch (oid) {
    case rsa: {
      const numbers = DerSequence.of(readDer(bytes));
      const [N, E] = [derInteger(numbers.next()), derInteger(numbers.next())];
      if (N <= 0n || E <= 0n) throw malformed('an RSA key has no positive numbers');
      const shape = regoObject({ N: numberOf(N), E: numberOf(E) });
      return { algorithm: 1, shape, key: opened(spki) };
    }
    case ecdsa: {
      const key = opened(spki);
      if (ecdsaBytes(key) === undefined) throw malformed('unsupported elliptic curve');
      const { x = '', y = '' } = key.export({ format: 'jwk' });
      return {
        algorithm: 3,
        shape: regoObject({ Curve: regoObject({}), X: coordinate(x), Y: coordinate(y) }),
        key,
      };
    }
    case ed25519:
      return { algorithm: 4, shape: bytes.toString('base64'), key: opened(spki) };
    default:
      return { algorithm: 0, shape: null, key: undefined };
  }
}

function opened(spki: Buffer): KeyObject {
  try {
    return createPublicKey({ key: spki, format: 'der', type: 'spki' });
  } catch {
    throw malformed('a public key is none');
  }
}

export function coordinate(base64url: string): RegoValue {
  return numberOf(BigInt(`0x0${Buffer.from(base64url, 'base64url').toString('hex')}`));
}
