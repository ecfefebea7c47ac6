import {
  constants,
  createHmac,
  sign,
  timingSafeEqual,
  verify,
  type KeyObject,
  type SigningOptions,
} from 'node:crypto';
import { BuiltinError } from '../../builtin.ts';

/**
 * The algorithms of RFC 7518 and RFC 8037 that OPA knows. Each works with its own kind of key alone:
 * a public key is never taken for a secret, whatever a token's header says.
 */
export const signatureAlgorithms = {
  RS256: rsa('sha256'),
  RS384: rsa('sha384'),
  RS512: rsa('sha512'),
  PS256: rsaPss('sha256'),
  PS384: rsaPss('sha384'),
  PS512: rsaPss('sha512'),
  ES256: ecdsa('sha256'),
  ES384: ecdsa('sha384'),
  ES512: ecdsa('sha512'),
  HS256: hmac('sha256'),
  HS384: hmac('sha384'),
  HS512: hmac('sha512'),
  EdDSA: { sign: signEdDsa, verify: verifyEdDsa },
} as const satisfies Readonly<Record<string, SignatureAlgorithm>>;

/** Of those that OpenSSL has no code of its own for: 0.2, 0.5 and 1 ms, to verify and to sign. */
const curveUnits: ReadonlyMap<string, number> = new Map([
  ['secp224r1', 70_000],
  ['secp384r1', 160_000],
  ['secp521r1', 350_000],
]);

/**
 * The fuel that a signature takes. Verifying takes 60 µs, for the longest RSA keys a millisecond; signing
 * with RSA takes the cube of the key's length: 1 ms for 2,048 bits, and seconds for the longest.
 */
export function signatureUnits(key: KeyObject): number {
  const ofCurve = curveUnits.get(key.asymmetricKeyDetails?.namedCurve ?? '');
  if (ofCurve !== undefined) return ofCurve;
  const kilobits = (key.asymmetricKeyDetails?.modulusLength ?? 1024) / 1024;
  return key.type === 'private' ? 40_000 * kilobits ** 3 : 10_000 * kilobits ** 1.5;
}

export interface SignatureAlgorithm {
  /** Throws a BuiltinError for a key of another kind. */
  readonly sign: (key: KeyObject, signed: Uint8Array) => Buffer;
  /** False for a key of another kind. */
  readonly verify: (key: KeyObject, signed: Uint8Array, signature: Uint8Array) => boolean;
}

export function signatureAlgorithm(name: string): SignatureAlgorithm | undefined {
  return byName.get(name);
}

const byName: ReadonlyMap<string, SignatureAlgorithm> = new Map(
  Object.entries(signatureAlgorithms),
);

/** Go refuses shorter RSA keys. */
const minRsaBits = 1024;

/** The curves that Go's crypto/ecdsa knows, by OpenSSL's names, and their bytes. */
const curveBytes: ReadonlyMap<string, number> = new Map([
  ['secp224r1', 28],
  ['prime256v1', 32],
  ['secp384r1', 48],
  ['secp521r1', 66],
]);

/** How many bytes r and s have each; undefined when it is no ECDSA key that Go knows. */
export function ecdsaBytes(key: KeyObject): number | undefined {
  if (key.asymmetricKeyType !== 'ec') return undefined;
  return curveBytes.get(key.asymmetricKeyDetails?.namedCurve ?? '');
}

function isRsaKey(key: KeyObject): boolean {
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  return key.asymmetricKeyType === 'rsa' && bits >= minRsaBits;
}

function rsa(hash: string): SignatureAlgorithm {
  return rsaWith(hash, { padding: constants.RSA_PKCS1_PADDING });
}

/** RFC 7518 wants a salt as long as the hash. */
function rsaPss(hash: string): SignatureAlgorithm {
  return rsaWith(hash, {
    padding: constants.RSA_PKCS1_PSS_PADDING,
    saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
  });
}

/** What io.jwt.verify_ps* takes: a salt of any length. */
export function verifyPssOfAnySalt(
  hash: string,
  key: KeyObject,
  signed: Uint8Array,
  signature: Uint8Array,
): boolean {
  const options = {
    padding: constants.RSA_PKCS1_PSS_PADDING,
    saltLength: constants.RSA_PSS_SALTLEN_AUTO,
  };
  return rsaWith(hash, options).verify(key, signed, signature);
}

function rsaWith(hash: string, options: SigningOptions): SignatureAlgorithm {
  return {
    sign: (key, signed) => signWith(isRsaKey(key), hash, signed, { key, ...options }),
    verify: (key, signed, signature) =>
      isRsaKey(key) && isVerified(hash, signed, { key, ...options }, signature),
  };
}

const rAndS = { dsaEncoding: 'ieee-p1363' } as const;

/** Any curve goes with any hash, as in OPA's library; r and s have the curve's length. */
function ecdsa(hash: string): SignatureAlgorithm {
  return {
    sign: (key, signed) => signWith(ecdsaBytes(key) !== undefined, hash, signed, { key, ...rAndS }),
    verify: (key, signed, signature) => {
      const bytes = ecdsaBytes(key);
      return (
        bytes !== undefined &&
        signature.length === 2 * bytes &&
        isVerified(hash, signed, { key, ...rAndS }, signature)
      );
    },
  };
}

function hmac(hash: string): SignatureAlgorithm {
  const digest = (key: KeyObject, signed: Uint8Array) =>
    createHmac(hash, key).update(signed).digest();
  return {
    sign: (key, signed) => {
      if (key.type !== 'secret') throw wrongKey();
      return digest(key, signed);
    },
    verify: (key, signed, signature) => {
      if (key.type !== 'secret') return false;
      const expected = digest(key, signed);
      return expected.length === signature.length && timingSafeEqual(expected, signature);
    },
  };
}

function signEdDsa(key: KeyObject, signed: Uint8Array): Buffer {
  return signWith(key.asymmetricKeyType === 'ed25519', null, signed, { key });
}

function verifyEdDsa(key: KeyObject, signed: Uint8Array, signature: Uint8Array): boolean {
  return key.asymmetricKeyType === 'ed25519' && isVerified(null, signed, { key }, signature);
}

interface KeyUse extends SigningOptions {
  readonly key: KeyObject;
}

function signWith(suits: boolean, hash: string | null, signed: Uint8Array, use: KeyUse): Buffer {
  if (!suits || use.key.type !== 'private') throw wrongKey();
  return sign(hash, signed, use);
}

/** OpenSSL throws where a key and a padding do not fit: that is no valid signature either. */
function isVerified(
  hash: string | null,
  signed: Uint8Array,
  use: KeyUse,
  signature: Uint8Array,
): boolean {
  try {
    return verify(hash, signed, use, signature);
  } catch {
    return false;
  }
}

function wrongKey(): BuiltinError {
  return new BuiltinError('the key does not suit the algorithm');
}
