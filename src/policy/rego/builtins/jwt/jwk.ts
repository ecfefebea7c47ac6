import {
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  type JsonWebKey,
  type KeyObject,
} from 'node:crypto';
import { BuiltinError } from '../../builtin.ts';
import { decodeBase64Url } from '../go/base64.ts';
import { isArray, RegoObject, type RegoValue } from '../../value.ts';
import { signatureAlgorithm } from './jws.ts';
import { readJson } from '../read-json.ts';

/** A key of a JWK set; `alg` and `kid` are empty where the set says nothing. */
export interface Jwk {
  readonly alg: string;
  readonly kid: string;
  readonly key: KeyObject;
}

/** The most keys that a set may hold, as in OPA's JWK library. */
const maxKeys = 1000;

/**
 * Reads a JWK or a JWK set. One key that cannot be read makes the whole set an error, as in OPA:
 * a key that is passed over silently is a signature that nobody checks.
 */
export function readJwks(text: string): Jwk[] {
  const document = readJson(text);
  if (!(document instanceof RegoObject)) throw new BuiltinError('a JWK set must be an object');
  const keys = document.get('keys');
  if (keys === undefined) return [readJwk(document)];
  if (!isArray(keys)) throw new BuiltinError('"keys" of a JWK set must be an array');
  if (keys.length > maxKeys) throw new BuiltinError(`a JWK set has at most ${maxKeys} keys`);
  return keys.map(readJwk);
}

function readJwk(value: RegoValue): Jwk {
  if (!(value instanceof RegoObject)) throw new BuiltinError('a JWK must be an object');
  const key = keyReaders.get(textMember(value, 'kty'));
  if (key === undefined) throw new BuiltinError('a JWK has no "kty" that is known');
  const alg = textMember(value, 'alg');
  if (value.get('alg') !== undefined && !isKnownAlgorithm(alg)) {
    throw new BuiltinError('a JWK is for an algorithm that is unknown');
  }
  return { alg, kid: textMember(value, 'kid'), key: key(value) };
}

/** Also those that sign nothing: a key for them stands in a set beside the others. */
const otherAlgorithms =
  /^(?:none|ES256K|Ed25519|dir|RSA1_5|RSA-OAEP(?:-(?:256|384|512))?|ECDH-ES(?:\+A(?:128|192|256)KW)?|A(?:128|192|256)(?:GCM)?(?:KW)?|A128CBC-HS256|A192CBC-HS384|A256CBC-HS512|PBES2-HS(?:256\+A128KW|384\+A192KW|512\+A256KW))$/;

function isKnownAlgorithm(alg: string): boolean {
  return signatureAlgorithm(alg) !== undefined || otherAlgorithms.test(alg);
}

const curves = new Set(['P-256', 'P-384', 'P-521']);

const keyReaders: ReadonlyMap<string, (jwk: RegoObject) => KeyObject> = new Map([
  ['RSA', (jwk) => asymmetricKey(jwk, ['n', 'e'], ['d', 'p', 'q', 'dp', 'dq', 'qi'])],
  [
    'EC',
    (jwk) => {
      if (!curves.has(textMember(jwk, 'crv'))) throw new BuiltinError('a JWK has an unknown curve');
      return asymmetricKey(jwk, ['x', 'y'], ['d']);
    },
  ],
  ['OKP', (jwk) => asymmetricKey(jwk, ['x'], ['d'])],
  ['oct', (jwk) => createSecretKey(bytesMember(jwk, 'k'))],
]);

function asymmetricKey(
  jwk: RegoObject,
  publicMembers: readonly string[],
  privateMembers: readonly string[],
): KeyObject {
  const isPrivate = jwk.get('d') !== undefined;
  const names = isPrivate ? [...publicMembers, ...privateMembers] : publicMembers;
  const numbers = names
    .filter((name) => publicMembers.includes(name) || jwk.get(name) !== undefined)
    .map((name) => [name, bytesMember(jwk, name).toString('base64url')] as const);
  const key: JsonWebKey = {
    kty: textMember(jwk, 'kty'),
    crv: textMember(jwk, 'crv'),
    ...Object.fromEntries(numbers),
  };
  try {
    const source = { key, format: 'jwk' } as const;
    return isPrivate ? createPrivateKey(source) : createPublicKey(source);
  } catch {
    throw new BuiltinError('a JWK holds no valid key');
  }
}

function bytesMember(jwk: RegoObject, name: string): Buffer {
  const bytes = decodeBase64Url(textMember(jwk, name));
  if (bytes === undefined || bytes.length === 0) {
    throw new BuiltinError(`a JWK needs ${JSON.stringify(name)} in base64url`);
  }
  return bytes;
}

function textMember(jwk: RegoObject, name: string): string {
  const text = jwk.get(name);
  if (text === undefined) return '';
  if (typeof text === 'string') return text;
  throw new BuiltinError(`${JSON.stringify(name)} of a JWK must be a string`);
}
