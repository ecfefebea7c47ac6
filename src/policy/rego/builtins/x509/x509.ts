import { BuiltinError, type BuiltinTable } from '../../builtin.ts';
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
  'crypto.parse_private_keys': (_call, pem) => parsePrivateKeys(stringOperand(pem, 1)),
  'crypto.x509.parse_certificates': (_call, certificates) =>
    certificatesOf(stringOperand(certificates, 1)).map((one) => certificateObject(one, true)),
  'crypto.x509.parse_and_verify_certificates': (call, certificates) =>
    verify(stringOperand(certificates, 1), () => defaultChainOptions(call), true),
  'crypto.x509.parse_and_verify_certificates_with_options': (call, certificates, options) => {
    const [text, wanted] = [stringOperand(certificates, 1), objectOperand(options, 2)];
    return verify(text, () => readChainOptions(call, wanted), false);
  },
  'crypto.x509.parse_certificate_request': (_call, request) =>
    readCertificateRequest(requestBytes(stringOperand(request, 1))),
  'crypto.x509.parse_keypair': (_call, certificate, key) =>
    parseKeyPair(stringOperand(certificate, 1), stringOperand(key, 1)),
  'crypto.x509.parse_rsa_private_key': (_call, pem) => parseJwk(stringOperand(pem, 1)),
};

function parsePrivateKeys(text: string): RegoValue {
  return text === '' ? null : readPrivateKeys(text).map(privateKeyObject);
}

/** Of whatever kind the key is, for all the builtin's name. */
function parseJwk(text: string): RegoValue {
  if (text === '') throw new BuiltinError('input PEM data was empty');
  const pem = text.startsWith('-----BEGIN') ? text : base64(text).toString();
  const [key] = readPrivateKeys(pem);
  return key === undefined ? null : privateJwk(key);
}

function verify(text: string, options: () => ChainOptions, withUriTexts: boolean): RegoValue {
  const certificates = attempt(() => certificatesOf(text));
  if (certificates === undefined) return [false, []];
  const chain = verifyChain(certificates, options());
  if (chain === undefined) return [false, []];
  return [true, chain.map((one) => certificateObject(one, withUriTexts))];
}

/** In PEM, or in base64 of PEM or of DER. */
function certificatesOf(text: string): Certificate[] {
  if (text.startsWith('-----BEGIN')) return pemCertificates(text);
  const bytes = base64(text);
  const isPem = bytes.subarray(0, 10).toString('latin1') === '-----BEGIN';
  return isPem ? pemCertificates(bytes.toString()) : readCertificates(bytes);
}

function pemCertificates(pem: string): Certificate[] {
  const blocks = Array.from(pemBlocks(pem));
  const other = blocks.find(({ type }) => type !== 'CERTIFICATE');
  if (other) throw new BuiltinError(`PEM block type is '${other.type}', expected CERTIFICATE`);
  return readCertificates(Buffer.concat(blocks.map(({ bytes }) => bytes)));
}

function requestBytes(text: string): Buffer {
  const isPem = text.startsWith('-----BEGIN CERTIFICATE REQUEST-----');
  const bytes = isPem ? Buffer.from(text) : base64(text);
  const block = nextPemBlock(bytes.toString());
  if (block === undefined) return bytes;
  if (block.type === 'CERTIFICATE REQUEST') return block.bytes;
  throw new BuiltinError('invalid PEM-encoded certificate signing request');
}

/** What Go's tls.X509KeyPair gives: the certificates in base64, the first one read, and its key. */
function parseKeyPair(certificateText: string, keyText: string): RegoValue {
  const certificates = derBlocks(certificateText, 'CERTIFICATE');
  const keys = derBlocks(keyText, 'PRIVATE KEY');
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
function derBlocks(text: string, type: string): readonly Buffer[] {
  const begin = '-----BEGIN ';
  const bytes = text.startsWith(begin) ? Buffer.from(text) : base64(text);
  const pem = bytes.toString();
  if (!pem.startsWith(begin)) return [bytes];
  return Array.from(pemBlocks(pem))
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
