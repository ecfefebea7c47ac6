import { BuiltinError } from '../../builtin.ts';
import { isArray, RegoObject, type RegoValue } from '../../value.ts';
import { decodeBase64Url } from '../go/base64.ts';
import { stringOperand } from '../operands.ts';
import { readJson } from '../read-json.ts';

/** A JSON Web Token's three parts, each still in base64url. */
export interface JwtParts {
  readonly header: string;
  readonly payload: string;
  readonly signature: string;
}

export function splitJwt(token: RegoValue): JwtParts {
  const [header, payload, signature, ...more] = stringOperand(token, 1).split('.');
  if (header === undefined || payload === undefined || signature === undefined || more.length > 0) {
    throw new BuiltinError('encoded JWT must have 3 sections');
  }
  return { header, payload, signature };
}

/** The bytes that a token's signature signs. */
export function signedBytes({ header, payload }: JwtParts): Buffer {
  return Buffer.from(`${header}.${payload}`);
}

export function decodePart(part: string): Buffer {
  const bytes = decodeBase64Url(part);
  if (bytes === undefined) throw new BuiltinError('a part of the JWT is no base64url');
  return bytes;
}

export function decodeHeader({ header }: JwtParts): RegoObject {
  const decoded = readJsonObject(decodePart(header).toString());
  if (decoded.get('enc') !== undefined) {
    throw new BuiltinError('JWT is a JWE object, which is not supported');
  }
  return decoded;
}

export function readJsonObject(text: string): RegoObject {
  const value = readJson(text);
  if (value instanceof RegoObject) return value;
  throw new BuiltinError('decoded JSON type was not an Object');
}

/** What a JOSE header says of its signature; empty where it says nothing. */
export interface JoseHeader {
  readonly alg: string;
  readonly kid: string;
  readonly cty: string;
  /** Names a parameter that must be understood (RFC 7515 §4.1.11), and is not. */
  readonly isCriticalUnknown: boolean;
}

const knownParameters = new Set(['alg', 'kid', 'typ', 'cty', 'crit']);

export function readJoseHeader(header: RegoObject): JoseHeader {
  const critical = criticalNames(header.get('crit'));
  parameter(header, 'typ');
  return {
    alg: parameter(header, 'alg'),
    kid: parameter(header, 'kid'),
    cty: parameter(header, 'cty'),
    isCriticalUnknown: header.entries.some(
      ([name]) => typeof name === 'string' && critical.includes(name) && !knownParameters.has(name),
    ),
  };
}

function parameter(header: RegoObject, name: string): string {
  const value = header.get(name) ?? '';
  if (typeof value === 'string') return value;
  throw new BuiltinError(`${name}: must be a string`);
}

/** Up to the first that is no name: OPA reads no further. */
function criticalNames(crit: RegoValue | undefined): readonly RegoValue[] {
  if (crit === undefined) return [];
  if (!isArray(crit)) throw new BuiltinError('crit: must be a list');
  const end = crit.findIndex((name) => typeof name !== 'string');
  if (crit.length === 0 || end === 0) throw new BuiltinError('crit: must be a nonempty list');
  return end < 0 ? crit : crit.slice(0, end);
}
