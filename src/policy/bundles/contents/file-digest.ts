import { createHash } from 'node:crypto';
import { BundleError } from '../../bundle-error.ts';
import { compareText } from '../../rego/value.ts';
import { dataFileNames } from './data-documents.ts';

/** What OPA's signatures call them (v1/bundle/hash.go), and what Node does. */
const hashes: ReadonlyMap<string, string> = new Map([
  ['MD5', 'md5'],
  ['SHA-1', 'sha1'],
  ['SHA-224', 'sha224'],
  ['SHA-256', 'sha256'],
  ['SHA-384', 'sha384'],
  ['SHA-512', 'sha512'],
  ['SHA-512-224', 'sha512-224'],
  ['SHA-512-256', 'sha512-256'],
]);

/**
 * The digest of a bundle's file, in hexadecimal, as OPA signs it: documents by what they say, other
 * files by their bytes. Throws a BundleError.
 */
export function digestFile(path: string, content: Uint8Array, algorithm: string): string {
  const hash = hashes.get(algorithm);
  if (hash === undefined) {
    throw new BundleError(`the bundle's signature has ${path} by an unknown hash, ${algorithm}`);
  }
  const signed = isDocument(path) ? canonicalText(path, content) : content;
  return createHash(hash).update(signed).digest('hex');
}

/** Of YAML, OPA signs the JSON that it stands for, which is what is here. */
function isDocument(path: string): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return name === '.manifest' || dataFileNames.some((dataFile) => dataFile === name);
}

const decoder = new TextDecoder('utf-8');

function canonicalText(path: string, content: Uint8Array): string {
  try {
    const document: unknown = JSON.parse(decoder.decode(content), keepNumbers);
    return canonical(document);
  } catch (error) {
    throw new BundleError(`${path} in the bundle is not JSON, or is nested too deeply`, {
      cause: error,
    });
  }
}

/** Numbers as they were written: `1.0` is not `1`. */
function keepNumbers(_key: string, value: unknown, { source }: { readonly source?: string }) {
  return typeof value === 'number' && source !== undefined ? JSON.rawJSON(source) : value;
}

/** Without spaces, the keys in the order of their code points. */
function canonical(value: unknown): string {
  if (typeof value === 'string') return quoted(value);
  if (typeof value !== 'object' || value === null || JSON.isRawJSON(value)) {
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  const members = Object.entries(value)
    .toSorted(([a], [b]) => compareText(a, b))
    .map(([key, member]) => `${quoted(key)}:${canonical(member)}`);
  return `{${members.join(',')}}`;
}

/** As Go writes it: two line separators escaped, a lone surrogate replaced. */
function quoted(text: string): string {
  return JSON.stringify(text.toWellFormed()).replace(/[\u2028\u2029]/g, (separator) =>
    separator === '\u2028' ? String.raw`\u2028` : String.raw`\u2029`,
  );
}
