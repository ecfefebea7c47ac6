import { derInteger, derOid, derTags, DerSequence, readDer, type Der } from './der.ts';

/** Go's numbers of the algorithms that sign certificates; 0 is none that it knows. */
const numbers: ReadonlyMap<string, number> = new Map([
  ['1.2.840.113549.1.1.2', 1],
  ['1.2.840.113549.1.1.4', 2],
  ['1.2.840.113549.1.1.5', 3],
  ['1.3.14.3.2.29', 3],
  ['1.2.840.113549.1.1.11', 4],
  ['1.2.840.113549.1.1.12', 5],
  ['1.2.840.113549.1.1.13', 6],
  ['1.2.840.10040.4.3', 7],
  ['2.16.840.1.101.3.4.3.2', 8],
  ['1.2.840.10045.4.1', 9],
  ['1.2.840.10045.4.3.2', 10],
  ['1.2.840.10045.4.3.3', 11],
  ['1.2.840.10045.4.3.4', 12],
  ['1.3.101.112', 16],
]);

const rsaPss = '1.2.840.113549.1.1.10';

interface PssHash {
  readonly number: number;
  readonly bytes: bigint;
}

/** By the hash that the parameters of RSA-PSS name. */
const pssHashes: ReadonlyMap<string, PssHash> = new Map([
  ['2.16.840.1.101.3.4.2.1', { number: 13, bytes: 32n }],
  ['2.16.840.1.101.3.4.2.2', { number: 14, bytes: 48n }],
  ['2.16.840.1.101.3.4.2.3', { number: 15, bytes: 64n }],
]);

export function signatureAlgorithmNumber(algorithm: Der): number {
  const members = DerSequence.of(algorithm);
  const oid = derOid(members.next(derTags.oid)).join('.');
  if (oid !== rsaPss) return numbers.get(oid) ?? 0;
  const parameters = members.optional(derTags.sequence);
  return parameters === undefined ? 0 : pssNumber(new DerSequence(parameters.content));
}

/** Go knows it with one hash for all, and a salt as long as that. */
function pssNumber(parameters: DerSequence): number {
  const [hash, mask, salt] = [0xa0, 0xa1, 0xa2].map((tag) => parameters.optional(tag)?.content);
  if (hash === undefined || mask === undefined || salt === undefined) return 0;
  const maskAlgorithm = DerSequence.of(readDer(mask));
  maskAlgorithm.next(derTags.oid);
  const [name, maskName] = [readDer(hash), maskAlgorithm.next()].map(algorithmName);
  const known = pssHashes.get(name ?? '');
  const suits = known && maskName === name && derInteger(readDer(salt)) === known.bytes;
  return suits ? known.number : 0;
}

function algorithmName(algorithm: Der): string {
  return derOid(DerSequence.of(algorithm).next(derTags.oid)).join('.');
}

/** Those that Go still believes: not MD2, MD5, SHA-1 or DSA. */
export function isTrustedAlgorithm(number: number): boolean {
  return (number >= 4 && number <= 6) || (number >= 10 && number <= 16);
}
