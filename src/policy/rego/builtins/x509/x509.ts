import { type BuiltinCall, BuiltinError, type BuiltinTable, type Spend } from '../../builtin.ts';
import type { RegoValue } from '../../value.ts';
import { decodeBase64 } from '../go/base64.ts';
import { objectOperand, stringOperand } from '../operands.ts';
import { nextPemBlock, pemBlocks } from './pem.ts';
import { privateJwk, privateKeyObject, readPrivateKey, readPrivateKeys } from './private-keys.ts';
import { regoObject } from '../rego-object.ts';
import { certificateObject, readCertificates, type Certificate } from './certificate.ts';
import { verifyChain, type ChainOptions } from './chain.ts';
import { defaultChainOptions, readChainOptions } from './options.ts';
import { readCertificateRequest } from './request.ts';

/** crypto.x509.* and crypto.parse_private_keys: OPA v1/topdown/crypto.go. */
export const x509Builtins: BuiltinTable = {
  'crypto.parse_private_keys': ({ spend }, pem) => parsePrivateKeys(paid(pem, 1, spend), spend),
  'crypto.x509.parse_certificates': ({ spend }, certificates) =>
    certificatesOf(paid(certificates, 1, spend), spend).map((one) => certificateObject(one, true)),
  'crypto.x509.parse_and_verify_certificates': (call, certificates) =>
    verify(paid(certificates, 1, call.spend), call, () => defaultChainOptions(call), true),
  'crypto.x509.parse_and_verify_certificates_with_options': (call, certificates, options) => {
    const [text, wanted] = [paid(certificates, 1, call.spend), objectOperand(options, 2)];
    return verify(text, call, () => readChainOptions(call, wanted), false);
  },
  'crypto.x509.parse_certificate_request': ({ spend }, request) =>
    readCertificateRequest(requestBytes(paid(request, 1, spend), spend)),
  'crypto.x509.parse_keypair': ({ spend }, certificate, key) =>
    parseKeyPair(paid(certificate, 1, spend), paid(key, 1, spend), spend),
  'crypto.x509.parse_rsa_private_key': ({ spend }, pem) => parseJwk(paid(pem, 1, spend), spend),
};

/** A certificate with a key on a curve has 550 characters and takes 0.2 ms; a private key, as much. */
const unitsPerCharacter = 100;

function paid(operand: RegoValue, position: number, spend: Spend): string {
  const text = stringOperand(operand, position);
  spend(text.length * unitsPerCharacter);
  return text;
}

function parsePrivateKeys(text: string, spend: Spend): RegoValue {
  return text === '' ? null : readPrivateKeys(text, spend).map(privateKeyObject);
}

/** Of whatever kind the key is, for all the builtin's name. */
function parseJwk(text: string, spend: Spend): RegoValue {
  if (text === '') throw new BuiltinError('input PEM data was empty');
  const pem = text.startsWith('-----BEGIN') ? text : base64(text).toString();
  const [key] = readPrivateKeys(pem, spend);
  return key === undefined ? null : privateJwk(key);
}

function verify(
  text: string,
  { spend }: BuiltinCall,
  options: () => ChainOptions,
  withUriTexts: boolean,
): RegoValue {
  const certificates = attempt(() => certificatesOf(text, spend));
  if (certificates === undefined) return [false, []];
  const chain = verifyChain(certificates, options());
  if (chain === undefined) return [false, []];
  return [true, chain.map((one) => certificateObject(one, withUriTexts))];
}

/** In PEM, or in base64 of PEM or of DER. */
function certificatesOf(text: string, spend: Spend): Certificate[] {
  if (text.startsWith('-----BEGIN')) return pemCertificates(text, spend);
  const bytes = base64(text);
  const isPem = bytes.subarray(0, 10).toString('latin1') === '-----BEGIN';
  return isPem ? pemCertificates(bytes.toString(), spend) : readCertificates(bytes);
}

function pemCertificates(pem: string, spend: Spend): Certificate[] {
  const blocks = Array.from(pemBlocks(pem, spend));
  const other = blocks.find(({ type }) => type !== 'CERTIFICATE');
  if (other) throw new BuiltinError(`PEM block type is '${other.type}', expected CERTIFICATE`);
  return readCertificates(Buffer.concat(blocks.map(({ bytes }) => bytes)));
}

function requestBytes(text: string, spend: Spend): Buffer {
  const isPem = text.startsWith('-----BEGIN CERTIFICATE REQUEST-----');
  const bytes = isPem ? Buffer.from(text) : base64(text);
  const block = nextPemBlock(bytes.toString(), spend);
  if (block === undefined) return bytes;
  if (block.type === 'CERTIFICATE REQUEST') return block.bytes;
  throw new BuiltinError('invalid PEM-encoded certificate signing request');
}

/** What Go's tls.X509KeyPair gives: the certificates in base64, the first one read, and its key. */
function parseKeyPair(certificateText: string, keyText: string, spend: Spend): RegoValue {
  const certificates = derBlocks(certificateText, 'CERTIFICATE', spend);
  const keys = derBlocks(keyText, 'PRIVATE KEY', spend);
  const [key] = keys.map(anyPrivateKey);
  const [leaf] = readCertificates(certificates[0] ?? Buffer.alloc(0));
  if (leaf === undefined || key === undefined || !leaf.x509.checkPrivateKey(key)) {
    throw new BuiltinError('tls: private key does not match public key');
  }
  return regoObject({
    Certificate: certificates.map((bytes) => bytes.toString('base64')),
    PrivateKey: privateKeyObject(key),
    SupportedSignatureAlgorithms: null,
    OCSPStaple: null,
    SignedCertificateTimestamps: null,
    Leaf: certificateObject(leaf, false),
  });
}

/** The blocks of a PEM text; also of base64 of one, or of one value in DER. */
function derBlocks(text: string, type: string, spend: Spend): readonly Buffer[] {
  const begin = '-----BEGIN ';
  const bytes = text.startsWith(begin) ? Buffer.from(text) : base64(text);
  const pem = bytes.toString();
  if (!pem.startsWith(begin)) return [bytes];
  return Array.from(pemBlocks(pem, spend))
    .filter((block) => block.type === type || block.type.endsWith(` ${type}`))
    .map((block) => block.bytes);
}

/** Go tries the formats one after the other, whatever the block says. */
function anyPrivateKey(der: Buffer) {
  const key =
    attempt(() => readPrivateKey(der, 'pkcs8')) ??
    attempt(() => readPrivateKey(der, 'pkcs1')) ??
    attempt(() => readPrivateKey(der, 'sec1'));
  if (key === undefined) throw new BuiltinError('tls: failed to parse private key');
  return key;
}

function base64(encoded: string): Buffer {
  const bytes = decodeBase64(encoded);
  if (bytes === undefined) throw new BuiltinError('illegal base64 data');
  return bytes;
}

function attempt<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch (error) {
    if (error instanceof BuiltinError) return undefined;
    throw error;
  }
}
