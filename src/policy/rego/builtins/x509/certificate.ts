import { X509Certificate } from 'node:crypto';
import { RegoObject } from '../../value.ts';
import {
  derBits,
  derInteger,
  derTags,
  derTime,
  DerSequence,
  malformed,
  readDer,
  readDerValues,
  type Der,
} from './der.ts';
import { numberOf, orNull } from '../rego-object.ts';
import {
  extensionMembers,
  extensionObject,
  isHandled,
  readExtensions,
  type Members,
} from './extensions.ts';
import { nameObject } from './name.ts';
import { readPublicKey } from './public-key.ts';
import { signatureAlgorithmNumber } from './signature-algorithm.ts';

/** A certificate: for OpenSSL to check signatures with, and with Go's members of it. */
export interface Certificate {
  readonly x509: X509Certificate;
  readonly raw: Buffer;
  readonly subject: Buffer;
  readonly issuer: Buffer;
  readonly members: Members;
}

/** As Go writes a certificate in JSON; OPA adds the URIs as texts in most places. */
export function certificateObject({ members }: Certificate, withUriTexts: boolean): RegoObject {
  const entries = Object.entries(members).filter(([name]) => withUriTexts || name !== 'URIStrings');
  return RegoObject.of(entries);
}

/** The certificates that follow each other in DER. */
export function readCertificates(der: Buffer): Certificate[] {
  return readDerValues(der).map(readCertificate);
}

function readCertificate(certificate: Der): Certificate {
  const outer = DerSequence.of(certificate);
  const tbs = outer.next(derTags.sequence);
  const algorithm = outer.next(derTags.sequence);
  const signature = derBits(outer.next(derTags.bitString)).bytes;
  outer.end();
  const inner = new DerSequence(tbs.content);
  const version = versionOf(inner.optional(0xa0));
  const serial = derInteger(inner.next(derTags.integer));
  if (!inner.next(derTags.sequence).raw.equals(algorithm.raw)) {
    throw malformed('a certificate names two signature algorithms');
  }
  const issuer = inner.next(derTags.sequence).raw;
  const [notBefore, notAfter] = validity(inner.next(derTags.sequence));
  const subject = inner.next(derTags.sequence).raw;
  const spki = inner.next(derTags.sequence).raw;
  inner.optional(0x81);
  inner.optional(0x82);
  const extensions = extensionsOf(inner.optional(0xa3), version);
  inner.end();
  const publicKey = readPublicKey(spki);
  return {
    x509: openedCertificate(certificate.raw),
    raw: certificate.raw,
    subject,
    issuer,
    members: {
      ...noExtensions,
      Raw: certificate.raw.toString('base64'),
      RawTBSCertificate: tbs.raw.toString('base64'),
      RawSubjectPublicKeyInfo: spki.toString('base64'),
      RawSubject: subject.toString('base64'),
      RawIssuer: issuer.toString('base64'),
      Signature: signature.toString('base64'),
      SignatureAlgorithm: signatureAlgorithmNumber(algorithm),
      PublicKeyAlgorithm: publicKey.algorithm,
      PublicKey: publicKey.shape,
      Version: version,
      SerialNumber: numberOf(serial),
      Issuer: nameObject(issuer),
      Subject: nameObject(subject),
      NotBefore: timeText(notBefore),
      NotAfter: timeText(notAfter),
      ...extensions,
    },
  };
}

/** The version is one more than what is written, and 1 where nothing is. */
function versionOf(explicit: Der | undefined): number {
  if (explicit === undefined) return 1;
  const version = Number(derInteger(readDer(explicit.content, derTags.integer))) + 1;
  if (version < 1 || version > 3) throw malformed('unknown version');
  return version;
}

function validity(period: Der): readonly [number, number] {
  const members = DerSequence.of(period);
  return [derTime(members.next()), derTime(members.next())];
}

function timeText(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace('.000Z', 'Z');
}

function extensionsOf(explicit: Der | undefined, version: number): Members {
  if (explicit === undefined) return {};
  if (version !== 3) throw malformed('extensions in a certificate of an early version');
  const extensions = readExtensions(readDer(explicit.content, derTags.sequence));
  const unhandled = extensions.filter((one) => one.isCritical && !isHandled(one));
  return {
    ...Object.fromEntries(
      extensions.flatMap((extension) => Object.entries(extensionMembers(extension) ?? {})),
    ),
    Extensions: orNull(extensions.map(extensionObject)),
    UnhandledCriticalExtensions: orNull(unhandled.map(({ id }) => id)),
    PermittedDNSDomainsCritical: extensions.some(
      ({ id, isCritical }) => isCritical && id.join('.') === '2.5.29.30',
    ),
  };
}

function openedCertificate(raw: Buffer): X509Certificate {
  try {
    return new X509Certificate(raw);
  } catch {
    throw malformed('OpenSSL does not read it');
  }
}

/** Go's members of a certificate without extensions. */
const noExtensions: Members = {
  ...Object.fromEntries(
    [
      'AuthorityKeyId',
      'CRLDistributionPoints',
      'DNSNames',
      'EmailAddresses',
      'ExcludedDNSDomains',
      'ExcludedEmailAddresses',
      'ExcludedIPRanges',
      'ExcludedURIDomains',
      'ExtKeyUsage',
      'Extensions',
      'ExtraExtensions',
      'IPAddresses',
      'IssuingCertificateURL',
      'OCSPServer',
      'PermittedDNSDomains',
      'PermittedEmailAddresses',
      'PermittedIPRanges',
      'PermittedURIDomains',
      'Policies',
      'PolicyIdentifiers',
      'PolicyMappings',
      'SubjectKeyId',
      'URIs',
      'URIStrings',
      'UnhandledCriticalExtensions',
      'UnknownExtKeyUsage',
    ].map((name) => [name, null]),
  ),
  BasicConstraintsValid: false,
  IsCA: false,
  KeyUsage: 0,
  MaxPathLen: 0,
  MaxPathLenZero: false,
  PermittedDNSDomainsCritical: false,
  InhibitAnyPolicy: 0,
  InhibitAnyPolicyZero: false,
  InhibitPolicyMapping: 0,
  InhibitPolicyMappingZero: false,
  RequireExplicitPolicy: 0,
  RequireExplicitPolicyZero: false,
};
