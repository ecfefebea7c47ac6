import {
  constants,
  createHmac,
  createPublicKey,
  type KeyObject,
  timingSafeEqual,
  verify,
} from 'node:crypto';
import {
  type SignatureAlgorithm,
  signatureAlgorithms,
  type VerificationKey,
} from '../../../domain/bundle-settings.ts';
import { isJsonObject, type JsonObject } from '../../../domain/json.ts';
import { BundleError } from '../../bundle-error.ts';
import { parseJsonBytes } from '../../parse-json.ts';

/** A JWT (RFC 7519) in its compact form, taken apart and not verified. */
export interface SignedToken {
  readonly header: JsonObject;
  readonly claims: JsonObject;
  /** What is signed. */
  readonly text: string;
  readonly signature: Uint8Array;
}

/** Throws a BundleError for what is no JWT. */
export function decodeToken(token: string): SignedToken {
  const [, header, claims, signature] = /^([\w-]+)\.([\w-]+)\.([\w-]+)$/.exec(token) ?? [];
  if (header !== undefined && claims !== undefined && signature !== undefined) {
    const parsedHeader = parsePart(header);
    const parsedClaims = parsePart(claims);
    if (isJsonObject(parsedHeader) && isJsonObject(parsedClaims)) {
      return {
        header: parsedHeader,
        claims: parsedClaims,
        text: `${header}.${claims}`,
        signature: Buffer.from(signature, 'base64url'),
      };
    }
  }
  throw new BundleError("the bundle's signature is not a JWT");
}

function parsePart(part: string) {
  return parseJsonBytes(Buffer.from(part, 'base64url'));
}

/** Whether a token is signed with one key. The token's own `alg` has no say. */
export type TokenVerifier = (token: SignedToken) => boolean;

/** Throws a BundleError for a key that does not fit its algorithm. */
export function createTokenVerifier(
  id: string,
  { algorithm, key }: VerificationKey,
): TokenVerifier {
  const hash = `sha${algorithm.slice(2)}`;
  if (isHmac(algorithm)) {
    return ({ text, signature }) => {
      const expected = createHmac(hash, key).update(text).digest();
      return expected.length === signature.length && timingSafeEqual(expected, signature);
    };
  }
  const input = { key: readPublicKey(id, algorithm, key), ...schemeOf(algorithm) };
  return ({ text, signature }) => verify(hash, Buffer.from(text), input, signature);
}

/** RFC 7518 §3.3 to §3.5: how Node signs and verifies with an algorithm that is no HMAC. */
export function schemeOf(algorithm: SignatureAlgorithm) {
  if (algorithm.startsWith('ES')) return { dsaEncoding: 'ieee-p1363' } as const;
  return algorithm.startsWith('PS')
    ? {
        padding: constants.RSA_PKCS1_PSS_PADDING,
        saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
      }
    : { padding: constants.RSA_PKCS1_PADDING };
}

/** RFC 7518 §3.4: each algorithm has its curve. */
const curves: Readonly<Partial<Record<SignatureAlgorithm, string>>> = {
  ES256: 'prime256v1',
  ES384: 'secp384r1',
  ES512: 'secp521r1',
};

function readPublicKey(id: string, algorithm: SignatureAlgorithm, pem: string): KeyObject {
  const key = parsePem(id, pem);
  if (isKeyFor(algorithm, key)) return key;
  throw new BundleError(`key ${id} ${misfitOf(algorithm, key)}`);
}

/** Completes `the key …`. */
export function misfitOf(algorithm: SignatureAlgorithm, key: KeyObject): string {
  const fitting = signatureAlgorithms.filter((each) => !isHmac(each) && isKeyFor(each, key));
  const instead = fitting.length === 0 ? '' : `; it is one for ${fitting.join(', ')}`;
  return `is not a key for ${algorithm}${instead}`;
}

function isHmac(algorithm: SignatureAlgorithm): boolean {
  return algorithm.startsWith('HS');
}

export function isKeyFor(algorithm: SignatureAlgorithm, key: KeyObject): boolean {
  const curve = curves[algorithm];
  return curve === undefined
    ? key.asymmetricKeyType === 'rsa'
    : key.asymmetricKeyDetails?.namedCurve === curve;
}

function parsePem(id: string, pem: string): KeyObject {
  try {
    return createPublicKey(pem);
  } catch (error) {
    throw new BundleError(`key ${id} is not a public key or a certificate in PEM`, {
      cause: error,
    });
  }
}
