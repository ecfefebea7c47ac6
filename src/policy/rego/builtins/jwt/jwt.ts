import { createHmac, timingSafeEqual, type KeyObject } from 'node:crypto';
import {
  BuiltinError,
  type Builtin,
  type BuiltinCall,
  type BuiltinTable,
  type Spend,
} from '../../builtin.ts';
import { RegoObject, type RegoValue } from '../../value.ts';
import { jsonText } from '../json-text.ts';
import { readJwks } from './jwk.ts';
import {
  ecdsaBytes,
  signatureAlgorithm,
  signatureAlgorithms,
  signatureUnits,
  verifyPssOfAnySalt,
} from './jws.ts';
import { areClaimsValid, isSignatureValid, readConstraints } from './constraints.ts';
import { candidateKeys, readVerificationKeys } from './keys.ts';
import {
  decodeHeader,
  decodePart,
  readJoseHeader,
  readJsonObject,
  signedBytes,
  splitJwt,
} from './token.ts';
import { objectOperand, stringOperand } from '../operands.ts';
import { readJson } from '../read-json.ts';

const { RS256, RS384, RS512, ES256, ES384, ES512, EdDSA } = signatureAlgorithms;

/** io.jwt.*: OPA v1/topdown/tokens.go. */
export const jwtBuiltins: BuiltinTable = {
  'io.jwt.decode': (_call, token) => decode(token),
  'io.jwt.decode_verify': decodeVerify,
  'io.jwt.encode_sign': ({ spend }, headers, payload, key) =>
    encodeSign(jsonText(headers), jsonText(payload), jsonText(key), spend),
  'io.jwt.encode_sign_raw': ({ spend }, headers, payload, key) =>
    encodeSign(stringOperand(headers, 1), stringOperand(payload, 2), stringOperand(key, 3), spend),
  'io.jwt.verify_rs256': verifyWith(RS256.verify),
  'io.jwt.verify_rs384': verifyWith(RS384.verify),
  'io.jwt.verify_rs512': verifyWith(RS512.verify),
  'io.jwt.verify_ps256': verifyWith((...signed) => verifyPssOfAnySalt('sha256', ...signed)),
  'io.jwt.verify_ps384': verifyWith((...signed) => verifyPssOfAnySalt('sha384', ...signed)),
  'io.jwt.verify_ps512': verifyWith((...signed) => verifyPssOfAnySalt('sha512', ...signed)),
  'io.jwt.verify_es256': verifyWith(anyLength(ES256.verify)),
  'io.jwt.verify_es384': verifyWith(anyLength(ES384.verify)),
  'io.jwt.verify_es512': verifyWith(anyLength(ES512.verify)),
  'io.jwt.verify_eddsa': verifyWith(EdDSA.verify),
  'io.jwt.verify_hs256': verifyWithSecret('sha256'),
  'io.jwt.verify_hs384': verifyWithSecret('sha384'),
  'io.jwt.verify_hs512': verifyWithSecret('sha512'),
};

/** Header, payload and signature (in hexadecimal), unverified; of nested tokens the innermost. */
function decode(token: RegoValue): RegoValue {
  const parts = splitJwt(token);
  const header = decodeHeader(parts);
  const payload = decodePart(parts.payload).toString();
  const contentType = header.get('cty') ?? '';
  if (typeof contentType !== 'string') throw new BuiltinError('cty: must be a string');
  if (contentType === 'JWT') return decode(withoutQuotes(payload));
  return [header, readJsonObject(payload), decodePart(parts.signature).toString('hex')];
}

/** A nested token may be quoted. (A regular expression would take quadratic time.) */
function withoutQuotes(text: string): string {
  const isQuote = (at: number) => text[at] === '"' || text[at] === "'";
  let [start, end] = [0, text.length];
  while (start < end && isQuote(start)) start += 1;
  while (start < end && isQuote(end - 1)) end -= 1;
  return text.slice(start, end);
}

const nothing = RegoObject.of([]);
const unverified: RegoValue = [false, nothing, nothing];

function decodeVerify(call: BuiltinCall, token: RegoValue, operand: RegoValue): RegoValue {
  const constraints = readConstraints(objectOperand(operand, 2), call);
  for (let nested = token; ;) {
    const parts = splitJwt(nested);
    const decoded = decodeHeader(parts);
    const header = readJoseHeader(decoded);
    if (header.alg === '' || header.isCriticalUnknown) return unverified;
    if (constraints.alg !== '' && constraints.alg !== header.alg) return unverified;
    if (!isSignatureValid(constraints, header, parts, call.spend)) return unverified;
    const payload = decodePart(parts.payload).toString();
    if (header.cty.toUpperCase() !== 'JWT') {
      const claims = readJsonObject(payload);
      return areClaimsValid(constraints, claims) ? [true, decoded, claims] : unverified;
    }
    nested = payload;
  }
}

type Verify = (key: KeyObject, signed: Uint8Array, signature: Uint8Array) => boolean;

function verifyWith(verify: Verify): Builtin {
  return ({ spend }, token, certificate) => {
    const parts = splitJwt(token);
    const keys = readVerificationKeys(stringOperand(certificate, 2), spend);
    const signature = decodePart(parts.signature);
    const { kid, alg } = readJoseHeader(decodeHeader(parts));
    const signed = signedBytes(parts);
    return candidateKeys(keys, kid, alg).some(({ key }) => {
      spend(signatureUnits(key));
      return key.type === 'public' && verify(key, signed, signature);
    });
  };
}

/** OPA halves the signature into r and s, and lets either be shorter or longer by zeros. */
function anyLength(verify: Verify): Verify {
  return (key, signed, signature) => {
    const bytes = ecdsaBytes(key) ?? 0;
    const half = Math.floor(signature.length / 2);
    const numbers = [signature.subarray(0, half), signature.subarray(half)].map(withoutZeros);
    if (numbers.some(({ length }) => length > bytes)) return false;
    const padded = numbers.flatMap((number) => [Buffer.alloc(bytes - number.length), number]);
    return verify(key, signed, Buffer.concat(padded));
  };
}

function withoutZeros(number: Uint8Array): Uint8Array {
  const first = number.findIndex((byte) => byte !== 0);
  return number.subarray(first < 0 ? number.length : first);
}

function verifyWithSecret(hash: string): Builtin {
  return (_call, token, secret) => {
    const parts = splitJwt(stringOperand(token, 1));
    const expected = createHmac(hash, stringOperand(secret, 2)).update(signedBytes(parts)).digest();
    const signature = decodePart(parts.signature);
    return expected.length === signature.length && timingSafeEqual(expected, signature);
  };
}

function encodeSign(headers: string, payload: string, jwk: string, spend: Spend): RegoValue {
  const [signer] = readJwks(jwk);
  if (signer === undefined) throw new BuiltinError('no keys found in JWK set');
  const header = readJsonObject(headers);
  const alg = header.get('alg');
  const algorithm = typeof alg === 'string' ? signatureAlgorithm(alg) : undefined;
  if (algorithm === undefined) throw new BuiltinError('unknown JWS algorithm');
  const type = header.get('typ');
  // Without a type it is a JWT. This throws when the payload is no JSON.
  if (typeof type !== 'string' || type === 'JWT') readJson(payload);
  const signed = [headers, payload]
    .map((part) => Buffer.from(part).toString('base64url'))
    .join('.');
  spend(signatureUnits(signer.key));
  const signature = algorithm.sign(signer.key, Buffer.from(signed));
  return `${signed}.${signature.toString('base64url')}`;
}
