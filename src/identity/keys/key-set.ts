import { type CryptoKey, importJWK, type JWK } from 'jose';
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../../domain/json.ts';
import type { TokenAlgorithm } from '../../domain/identity/token-settings.ts';

/** A public key for one algorithm. While an issuer keeps it, it is the same object. */
export interface VerificationKey {
  readonly key: CryptoKey;
  /** The public members as they were read. */
  readonly source: string;
}

/** An issuer's keys, by `keyName`. */
export type KeySet = ReadonlyMap<string, VerificationKey>;

/** A key is for one algorithm, so that a token cannot choose what its key is used for. */
export function keyName(algorithm: string, keyId: string): string {
  return `${algorithm} ${keyId}`;
}

/**
 * The keys of a JWK set (RFC 7517) that the algorithms can use. Keys that are also in `previous`
 * stay the objects that they are. Rejects with a sentence for what is no JWK set.
 */
export async function readKeySet(
  text: string,
  algorithms: readonly TokenAlgorithm[],
  previous: KeySet = new Map(),
): Promise<KeySet> {
  const keys = new Map<string, VerificationKey>();
  for (const jwk of keysIn(text)) {
    const { kid } = jwk;
    if (typeof kid !== 'string') continue;
    for (const algorithm of algorithms) {
      const name = keyName(algorithm, kid);
      if (keys.has(name) || !isFor(jwk, algorithm)) continue;
      const source = JSON.stringify(publicPart(jwk));
      const known = previous.get(name);
      const key = known?.source === source ? known : await importKey(jwk, algorithm, source);
      if (key !== undefined) keys.set(name, key);
    }
  }
  return keys;
}

/** An issuer may have taken its keys back, or never have had one that we can use. */
export function emptinessOf(
  keys: KeySet,
  algorithms: readonly TokenAlgorithm[],
): string | undefined {
  return keys.size > 0 ? undefined : `has no key with a kid for ${algorithms.join(', ')}`;
}

/** Checks wait while keys are imported: thousands take most of a second. */
const maxKeys = 256;

function keysIn(text: string): readonly JsonObject[] {
  const keys = parse(text);
  if (!isJsonArray(keys)) {
    throw new Error('is no JWK set: that is {"keys": [{"kty": …, "kid": …}, …]}');
  }
  if (keys.length > maxKeys) throw new Error(`has ${keys.length} keys, and may have ${maxKeys}`);
  return keys.filter((key) => isJsonObject(key));
}

function parse(text: string): JsonValue | undefined {
  try {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what JSON.parse gives is JSON
    const document = JSON.parse(text) as JsonValue;
    return isJsonObject(document) ? document['keys'] : undefined;
  } catch {
    return undefined;
  }
}

/** RFC 7518 §3.1, RFC 8037 §3.1: the type of key, and its curve, that each algorithm uses. */
const curves: Readonly<Record<TokenAlgorithm, string | undefined>> = {
  ES256: 'P-256',
  ES384: 'P-384',
  ES512: 'P-521',
  EdDSA: 'Ed25519',
  Ed25519: 'Ed25519',
  PS256: undefined,
  PS384: undefined,
  PS512: undefined,
  RS256: undefined,
  RS384: undefined,
  RS512: undefined,
};

/** 8192 bits in base64url; a longer modulus would only cost time. */
const maxModulusLength = 1366;

/** `jwt-svid`: in a SPIFFE bundle (SPIFFE Trust Domain and Bundle §4.2.2), beside `x509-svid`. */
function isFor(jwk: JsonObject, algorithm: TokenAlgorithm): boolean {
  const { kty, crv, use, key_ops: operations, alg, n } = jwk;
  if (use !== undefined && use !== 'sig' && use !== 'jwt-svid') return false;
  if (operations !== undefined && !(isJsonArray(operations) && operations.includes('verify'))) {
    return false;
  }
  if (alg !== undefined && alg !== algorithm) return false;
  const curve = curves[algorithm];
  if (curve !== undefined) return crv === curve;
  return kty === 'RSA' && typeof n === 'string' && n.length <= maxModulusLength;
}

function publicPart({ kty, crv, x, y, n, e }: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries({ kty, crv, x, y, n, e }).filter((entry): entry is [string, JsonValue] => {
      return entry[1] !== undefined;
    }),
  );
}

/** Undefined for what is no key, so that one bad key does not take the others along. */
async function importKey(
  jwk: JsonObject,
  algorithm: TokenAlgorithm,
  source: string,
): Promise<VerificationKey | undefined> {
  try {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- jose judges what it holds
    const key = await importJWK(publicPart(jwk) as JWK, algorithm);
    return key instanceof CryptoKey ? { key, source } : undefined;
  } catch {
    return undefined;
  }
}
