import type { SigningSettings, VerificationKey } from '../../../domain/bundle-settings.ts';
import {
  isJsonArray,
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from '../../../domain/json.ts';
import { BundleError } from '../../bundle-error.ts';
import { parseJsonBytes } from '../../parse-json.ts';
import type { BundleFiles } from './bundle-files.ts';
import { digestFile } from './file-digest.ts';
import { compileFilePattern } from './file-pattern.ts';
import {
  createTokenVerifier,
  decodeToken,
  type SignedToken,
  type TokenVerifier,
} from '../sources/token.ts';

/** Judges what a bundle's signature covers. Both throw a BundleError that says what is wrong. */
export interface SignatureCheck {
  /** Of a snapshot: every file is signed for, and every file that is signed for is there. */
  verify(files: BundleFiles): void;
  /** A delta carries no signature, so it is admitted or not whatever it holds. */
  admitDelta(): void;
}

export const signaturesFile = '.signatures.json';

/** Where no key is configured: a signature that nothing verifies must not look like one that is. */
export const unsignedOnly: SignatureCheck = {
  verify(files) {
    if (signatureFiles(files).length === 0) return;
    throw new BundleError('the bundle is signed: configure the key that verifies it, in signing');
  },
  admitDelta() {},
};

/** As OPA verifies `.signatures.json`. Throws a BundleError for a key that is none. */
export function createSignatureCheck(settings: SigningSettings | undefined): SignatureCheck {
  if (settings === undefined) return unsignedOnly;
  const keys = new Map(
    Array.from(settings.keys, ([id, key]) => [id, { key, verify: createTokenVerifier(id, key) }]),
  );
  const isExcluded = settings.excludeFiles.map(compileFilePattern);
  const required = settings.require === 'always';
  return {
    verify(files) {
      const token = readToken(files);
      if (token === undefined) {
        if (!required) return;
        throw new BundleError(
          `the bundle is not signed: it has no ${signaturesFile}; build it with --signing-key`,
        );
      }
      const claims = verifiedClaims(token, settings, keys);
      const signed = readSignedFiles(claims);
      for (const [path, content] of files) {
        if (isSignaturesFile(path)) continue;
        if (!isExcluded.some((matches) => matches(path))) verifyFile(path, content, signed);
        signed.delete(path);
      }
      if (signed.size === 0) return;
      throw new BundleError(
        `the bundle lacks files that are signed: ${[...signed.keys()].join(', ')}`,
      );
    },
    admitDelta() {
      if (!required || settings.allowUnsignedDeltas) return;
      throw new BundleError(
        'the bundle is a delta, which cannot be signed, and signing is required',
      );
    },
  };
}

interface ConfiguredKey {
  readonly key: VerificationKey;
  readonly verify: TokenVerifier;
}

/** The configuration says which key and what for; only where it is silent does the token. */
function verifiedClaims(
  token: SignedToken,
  { keyId, scope }: SigningSettings,
  keys: ReadonlyMap<string, ConfiguredKey>,
): JsonObject {
  const { header, claims } = token;
  const id = keyId ?? namedKey(header['kid'], claims['keyid']);
  const configured = keys.get(id);
  if (configured === undefined) {
    throw new BundleError(
      `the bundle is signed with key ${JSON.stringify(id)}, which is not configured`,
    );
  }
  if (!configured.verify(token)) {
    throw new BundleError(
      `the bundle's signature is not one of key ${id} with ${configured.key.algorithm}`,
    );
  }
  const wanted = scope ?? configured.key.scope ?? '';
  const { scope: given = '' } = claims;
  if (given === wanted) return claims;
  throw new BundleError(
    `the bundle is signed for scope ${JSON.stringify(given)}, not ${JSON.stringify(wanted)}`,
  );
}

function namedKey(kid: JsonValue | undefined, keyid: JsonValue | undefined): string {
  const id = kid ?? keyid;
  if (typeof id === 'string' && id !== '') return id;
  throw new BundleError("the bundle's signature names no key: configure signing.keyId");
}

/** The signature as it is written, not verified. Throws a BundleError for what is none. */
export function readToken(files: BundleFiles): SignedToken | undefined {
  const [path, second] = signatureFiles(files);
  if (path === undefined) return undefined;
  if (second !== undefined) throw new BundleError(`the bundle has both ${path} and ${second}`);
  const document = parseJsonBytes(files.get(path) ?? new Uint8Array());
  const { signatures, plugin = '' } = isJsonObject(document) ? document : {};
  if (plugin !== '' && plugin !== '_default') {
    throw new BundleError(`${path} in the bundle asks for a verifier that is not here: plugin`);
  }
  const [token, another] = isJsonArray(signatures) ? signatures : [];
  if (typeof token !== 'string' || another !== undefined) {
    throw new BundleError(`${path} in the bundle does not hold exactly one signature`);
  }
  return decodeToken(token);
}

function signatureFiles(files: BundleFiles): string[] {
  return [...files.keys()].filter(isSignaturesFile);
}

function isSignaturesFile(path: string): boolean {
  return path === signaturesFile || path.endsWith(`/${signaturesFile}`);
}

interface SignedFile {
  readonly hash: string;
  readonly algorithm: string;
}

function readSignedFiles({ files }: JsonObject): Map<string, SignedFile> {
  const signed = new Map<string, SignedFile>();
  for (const file of isJsonArray(files) ? files : []) {
    const { name, hash, algorithm } = isJsonObject(file) ? file : {};
    if (typeof name !== 'string' || typeof hash !== 'string' || typeof algorithm !== 'string') {
      throw new BundleError("the bundle's signature has a file without name, hash or algorithm");
    }
    signed.set(name, { hash, algorithm });
  }
  return signed;
}

function verifyFile(
  path: string,
  content: Uint8Array,
  signed: ReadonlyMap<string, SignedFile>,
): void {
  const file = signed.get(path);
  if (file === undefined) throw new BundleError(`${path} in the bundle is not signed`);
  if (digestFile(path, content, file.algorithm) !== file.hash.toLowerCase()) {
    throw new BundleError(`${path} in the bundle is not what was signed`);
  }
}
