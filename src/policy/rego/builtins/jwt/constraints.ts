import { createSecretKey } from 'node:crypto';
import { BuiltinError, type BuiltinCall, type Spend } from '../../builtin.ts';
import { readNumber } from '../../number.ts';
import { compare, isArray, isNumber, type RegoObject, type RegoValue } from '../../value.ts';
import { jsonText } from '../json-text.ts';
import { signatureAlgorithm, signatureUnits } from './jws.ts';
import type { Jwk } from './jwk.ts';
import { candidateKeys, readVerificationKeys } from './keys.ts';
import { decodePart, signedBytes, type JoseHeader, type JwtParts } from './token.ts';

/** What io.jwt.decode_verify demands of a token; empty where it demands nothing. */
export interface JwtConstraints {
  readonly keys: readonly Jwk[];
  readonly alg: string;
  readonly iss: string;
  readonly aud: string;
  /** Seconds, with their fraction. */
  readonly time: RegoValue;
}

const names = new Set<RegoValue>(['cert', 'secret', 'alg', 'iss', 'aud', 'time']);

/** Throws a BuiltinError for a constraint that is unknown, and unless exactly one key is given. */
export function readConstraints(
  constraints: RegoObject,
  { nowNs, spend }: BuiltinCall,
): JwtConstraints {
  const unknown = constraints.entries.find(([name]) => !names.has(name));
  if (unknown)
    throw new BuiltinError(`unknown token validation constraint: ${jsonText(unknown[0])}`);
  const text = (name: string) => textConstraint(constraints, name);
  return {
    keys: constraintKeys(text('cert'), text('secret') ?? '', spend),
    alg: text('alg') ?? '',
    iss: text('iss') ?? '',
    aud: text('aud') ?? '',
    time: seconds(constraints.get('time') ?? Number(nowNs)),
  };
}

export function isSignatureValid(
  { keys }: JwtConstraints,
  { alg, kid }: JoseHeader,
  parts: JwtParts,
  spend: Spend,
): boolean {
  const signature = decodePart(parts.signature);
  // RFC 9864's name for it; OPA takes it from a token, not from a key.
  const algorithm = signatureAlgorithm(alg === 'Ed25519' ? 'EdDSA' : alg);
  const signed = signedBytes(parts);
  return candidateKeys(keys, kid, alg).some(({ key }) => {
    spend(signatureUnits(key));
    return algorithm?.verify(key, signed, signature) === true;
  });
}

/** Throws a BuiltinError for claims that are of the wrong type. */
export function areClaimsValid(constraints: JwtConstraints, claims: RegoObject): boolean {
  return (
    isIssuerValid(constraints, claims.get('iss')) &&
    isAudienceValid(constraints, claims.get('aud')) &&
    !isExpired(constraints, claims.get('exp')) &&
    !isEarly(constraints, claims.get('nbf'))
  );
}

function isIssuerValid({ iss: wanted }: JwtConstraints, iss: RegoValue | undefined): boolean {
  if (wanted === '' || iss === undefined) return wanted === '';
  if (typeof iss !== 'string') throw new BuiltinError('iss value must be a string');
  return iss === wanted;
}

/** A token that names its audience is for nobody else: not even when no audience is demanded. */
function isAudienceValid({ aud: wanted }: JwtConstraints, aud: RegoValue | undefined): boolean {
  if (aud === undefined) return wanted === '';
  return isArray(aud) ? aud.includes(wanted) : aud === wanted;
}

function isExpired({ time }: JwtConstraints, exp: RegoValue | undefined): boolean {
  if (exp === undefined) return false;
  if (!isNumber(exp)) throw new BuiltinError('exp value must be a number');
  return compare(time, exp) >= 0;
}

function isEarly({ time }: JwtConstraints, nbf: RegoValue | undefined): boolean {
  if (nbf === undefined) return false;
  if (!isNumber(nbf)) throw new BuiltinError('nbf value must be a number');
  return compare(time, nbf) < 0;
}

function constraintKeys(
  certificate: string | undefined,
  secret: string,
  spend: Spend,
): readonly Jwk[] {
  const keys = certificate === undefined ? undefined : readVerificationKeys(certificate, spend);
  if (secret === '') {
    if (keys === undefined) throw new BuiltinError('no key constraint');
    return keys;
  }
  if (keys !== undefined) throw new BuiltinError('duplicate key constraints');
  return [{ alg: '', kid: '', key: createSecretKey(Buffer.from(secret)) }];
}

function textConstraint(constraints: RegoObject, name: string): string | undefined {
  const value = constraints.get(name);
  if (value === undefined || typeof value === 'string') return value;
  throw new BuiltinError(`${name} constraint: must be a string`);
}

/** OPA divides nanoseconds as a double and compares what that double is written as. */
function seconds(time: RegoValue): RegoValue {
  if (!isNumber(time)) throw new BuiltinError('token time constraint: must be a number');
  const nanoseconds = typeof time === 'object' ? Number(time.text) : Number(time);
  if (!Number.isFinite(nanoseconds) || nanoseconds < 0) {
    throw new BuiltinError('token time constraint: must be finite, and not negative');
  }
  return readNumber(String(nanoseconds / 1e9));
}
