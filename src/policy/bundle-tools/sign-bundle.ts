import { createHmac, createPrivateKey, type KeyObject, sign } from 'node:crypto';
import type { SignatureAlgorithm } from '../../domain/bundle-settings.ts';
import type { BundleFiles } from '../bundles/contents/bundle-files.ts';
import { digestFile } from '../bundles/contents/file-digest.ts';
import { signaturesFile } from '../bundles/contents/signatures.ts';
import { isKeyFor, misfitOf, schemeOf } from '../bundles/sources/token.ts';

export interface BundleSigner {
  readonly algorithm: SignatureAlgorithm;
  /** A private key in PEM, or the secret of an HMAC. */
  readonly key: string;
  /** By which a server finds the key that verifies. */
  readonly keyId: string;
  /** What the signature is for. */
  readonly scope?: string;
}

const hashAlgorithm = 'SHA-256';

/**
 * The files with a `.signatures.json` that is for each of them, as OPA signs. Throws an Error for a
 * key that does not fit its algorithm.
 */
export function signBundle(files: BundleFiles, signer: BundleSigner): BundleFiles {
  const { algorithm, keyId, scope } = signer;
  const header = { alg: algorithm, kid: keyId, typ: 'JWT' };
  const signed = Array.from(files.keys())
    .filter((name) => name !== signaturesFile)
    .toSorted()
    .map((name) => ({
      name,
      hash: digestFile(name, files.get(name) ?? new Uint8Array(), hashAlgorithm),
      algorithm: hashAlgorithm,
    }));
  const claims = { files: signed, keyid: keyId, ...(scope !== undefined && { scope }) };
  const text = [header, claims].map((part) => base64url(JSON.stringify(part))).join('.');
  const token = `${text}.${base64url(signatureOf(text, signer))}`;
  return new Map([
    ...files,
    [signaturesFile, Buffer.from(JSON.stringify({ signatures: [token] }))],
  ]);
}

function signatureOf(text: string, { algorithm, key }: BundleSigner): Uint8Array {
  const hash = `sha${algorithm.slice(2)}`;
  if (algorithm.startsWith('HS')) return createHmac(hash, key).update(text).digest();
  return sign(hash, Buffer.from(text), {
    key: readPrivateKey(algorithm, key),
    ...schemeOf(algorithm),
  });
}

function readPrivateKey(algorithm: SignatureAlgorithm, pem: string): KeyObject {
  const key = parsePem(pem);
  if (isKeyFor(algorithm, key)) return key;
  throw new Error(`the signing key ${misfitOf(algorithm, key)}`);
}

function parsePem(pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (error) {
    throw new Error('the signing key is not a private key in PEM, without a passphrase', {
      cause: error,
    });
  }
}

function base64url(content: string | Uint8Array): string {
  return Buffer.from(content).toString('base64url');
}
