import { createPublicKey, type KeyObject } from 'node:crypto';
import { BuiltinError, type Spend } from '../../builtin.ts';
import { readJwks, type Jwk } from './jwk.ts';
import { ecdsaBytes, signatureAlgorithm } from './jws.ts';
import { nextPemBlock } from '../x509/pem.ts';
import { readCertificates } from '../x509/certificate.ts';

/** How many texts' keys are kept, and how long a text may be to be kept: reading costs 50 µs a key. */
const maxKept = 100;
const maxKeptCharacters = 65_536;

/** What reading takes of a text that is read each time: a key of 400 characters, 50 µs. */
const unitsPerCharacter = 40;

const kept = new Map<string, readonly Jwk[]>();

/**
 * The keys that may verify a token: of a certificate or a public key in PEM, or of a JWK (set).
 * They depend on the text alone, so the last ones are kept.
 */
export function readVerificationKeys(text: string, spend: Spend): readonly Jwk[] {
  const known = kept.get(text);
  if (known !== undefined) return known;
  if (text.length > maxKeptCharacters) spend(unitsPerCharacter * text.length);
  const keys = parseKeys(text, spend);
  if (text.length <= maxKeptCharacters) keep(text, keys);
  return keys;
}

/** The key that the token names, else every key that may have made its signature. */
export function candidateKeys(keys: readonly Jwk[], kid: string, alg: string): readonly Jwk[] {
  const named = kid === '' ? undefined : keys.find((key) => key.kid === kid);
  return named ? [named] : keys.filter((key) => key.alg === '' || key.alg === alg);
}

function keep(text: string, keys: readonly Jwk[]): void {
  const [oldest] = kept.keys();
  if (kept.size >= maxKept && oldest !== undefined) kept.delete(oldest);
  kept.set(text, keys);
}

function parseKeys(text: string, spend: Spend): readonly Jwk[] {
  const block = nextPemBlock(text, spend);
  if (block === undefined) {
    return readJwks(text).filter(({ alg }) => alg === '' || signatureAlgorithm(alg) !== undefined);
  }
  if (block.rest !== '') throw new BuiltinError('extra data after a PEM certificate block');
  const key = pemKeyReaders.get(block.type)?.(block.bytes);
  if (key === undefined) throw new BuiltinError('failed to extract a Key from the PEM certificate');
  return [{ alg: '', kid: '', key }];
}

const pemKeyReaders: ReadonlyMap<string, (der: Buffer) => KeyObject> = new Map([
  ['CERTIFICATE', (der) => knownKey(() => certificateKey(der))],
  [
    'PUBLIC KEY',
    (der) => knownKey(() => createPublicKey({ key: der, format: 'der', type: 'spki' })),
  ],
]);

function certificateKey(der: Buffer): KeyObject {
  const [certificate, ...more] = readCertificates(der);
  if (certificate === undefined || more.length > 0) throw new BuiltinError('trailing data');
  return certificate.x509.publicKey;
}

/** Of the kinds that Go reads: another (Ed448, RSA bound to PSS) is an error there too. */
function knownKey(read: () => KeyObject): KeyObject {
  let key;
  try {
    key = read();
  } catch {
    throw new BuiltinError('failed to parse a PEM certificate or public key');
  }
  const type = key.asymmetricKeyType;
  if (type === 'rsa' || type === 'ed25519' || ecdsaBytes(key) !== undefined) return key;
  throw new BuiltinError(`keys of type ${type} are not known`);
}
