import { BuiltinError } from '../../builtin.ts';
import type { RegoValue } from '../../value.ts';
import {
  derBits,
  derBoolean,
  derInteger,
  derOid,
  derTags,
  DerSequence,
  malformed,
  readDer,
  readDerValues,
  type Der,
} from './der.ts';
import { orNull, regoObject } from '../rego-object.ts';
import { alternativeNames, ipText, type AlternativeNames } from './alternative-names.ts';
import { certificateUrl } from './url.ts';

/** One extension of a certificate or a request for one. */
export interface X509Extension {
  readonly id: readonly number[];
  readonly isCritical: boolean;
  readonly value: Buffer;
}

export type Members = Readonly<Record<string, RegoValue>>;

export function readExtensions(sequence: Der): readonly X509Extension[] {
  const extensions = readDerValues(sequence.content).map((extension) => {
    const members = DerSequence.of(extension);
    const id = derOid(members.next(derTags.oid));
    const critical = members.optional(derTags.boolean);
    const isCritical = critical !== undefined && derBoolean(critical);
    const value = members.next(derTags.octetString).content;
    members.end();
    return { id, isCritical, value };
  });
  const ids = new Set(extensions.map(({ id }) => id.join('.')));
  if (ids.size !== extensions.length) throw malformed('an extension stands twice');
  return extensions;
}

export function extensionObject({ id, isCritical, value }: X509Extension): RegoValue {
  return regoObject({ Id: id, Critical: isCritical, Value: value.toString('base64') });
}

/** What an extension says in Go's members of a certificate; undefined for one that is unknown. */
export function extensionMembers({ id, value }: X509Extension): Members | undefined {
  return readers.get(id.join('.'))?.(value);
}

/** Whether nothing of a critical extension was left unread. */
export function isHandled({ id, value }: X509Extension): boolean {
  const name = id.join('.');
  if (name === '2.5.29.17') return hasAlternativeNames(value);
  return readers.has(name) && !unhandledWhenCritical.has(name);
}

function hasAlternativeNames(value: Buffer): boolean {
  const { dns, emails, ips, uris } = alternativeNames(value);
  return [dns, emails, ips, uris].some((names) => names.length > 0);
}

/** Go shows their contents, and yet does not heed them. */
const unhandledWhenCritical = new Set(['2.5.29.31', '1.3.6.1.5.5.7.1.1', '2.5.29.14', '2.5.29.35']);

const readers: ReadonlyMap<string, (value: Buffer) => Members> = new Map([
  ['2.5.29.15', keyUsage],
  ['2.5.29.19', basicConstraints],
  ['2.5.29.17', subjectAlternativeNames],
  ['2.5.29.30', nameConstraints],
  ['2.5.29.31', distributionPoints],
  ['2.5.29.35', authorityKey],
  ['2.5.29.37', extendedKeyUsage],
  ['2.5.29.14', subjectKey],
  ['2.5.29.32', policies],
  ['2.5.29.33', policyMappings],
  ['2.5.29.36', policyConstraints],
  ['2.5.29.54', inhibitAnyPolicy],
  ['1.3.6.1.5.5.7.1.1', authorityInformation],
]);

function keyUsage(value: Buffer): Members {
  const { bytes } = derBits(readDer(value, derTags.bitString));
  const bits = Array.from(
    { length: 9 },
    (_, bit) => ((bytes[bit >> 3] ?? 0) >> (7 - (bit & 7))) & 1,
  );
  return { KeyUsage: bits.reduce((usage, bit, at) => usage | (bit << at), 0) };
}

function basicConstraints(value: Buffer): Members {
  const members = DerSequence.of(readDer(value));
  const isAuthority = members.optional(derTags.boolean);
  const IsCA = isAuthority !== undefined && derBoolean(isAuthority);
  const length = members.optional(derTags.integer);
  const MaxPathLen = length === undefined ? -1 : Number(derInteger(length));
  return { BasicConstraintsValid: true, IsCA, MaxPathLen, MaxPathLenZero: MaxPathLen === 0 };
}

export function subjectAlternativeNames(value: Buffer): Members {
  const names: AlternativeNames = alternativeNames(value);
  const urls = names.uris.map(certificateUrl);
  return {
    DNSNames: orNull(names.dns),
    EmailAddresses: orNull(names.emails),
    IPAddresses: orNull(names.ips.map(ipText)),
    URIs: orNull(urls.map(({ object }) => object)),
    URIStrings: orNull(urls.map(({ text }) => text)),
  };
}

function nameConstraints(value: Buffer): Members {
  const members = DerSequence.of(readDer(value));
  const permitted = constraintsOf(members.optional(0xa0));
  const excluded = constraintsOf(members.optional(0xa1));
  return {
    PermittedDNSDomains: orNull(permitted.dns),
    ExcludedDNSDomains: orNull(excluded.dns),
    PermittedIPRanges: orNull(permitted.ips.map(ipRange)),
    ExcludedIPRanges: orNull(excluded.ips.map(ipRange)),
    PermittedEmailAddresses: orNull(permitted.emails),
    ExcludedEmailAddresses: orNull(excluded.emails),
    PermittedURIDomains: orNull(permitted.uris),
    ExcludedURIDomains: orNull(excluded.uris),
  };
}

function constraintsOf(subtrees: Der | undefined): AlternativeNames {
  const names = readDerValues(subtrees?.content ?? Buffer.alloc(0)).map((subtree) =>
    DerSequence.of(subtree).next(),
  );
  const of = (tag: number) =>
    names.filter((name) => name.tag === tag).map(({ content }) => content);
  const texts = (tag: number) => of(tag).map((content) => content.toString('latin1'));
  return { emails: texts(0x81), dns: texts(0x82), uris: texts(0x86), ips: of(0x87) };
}

function ipRange(bytes: Buffer): RegoValue {
  const half = bytes.length / 2;
  if (half !== 4 && half !== 16) throw malformed('an IP range is none');
  return regoObject({
    IP: ipText(bytes.subarray(0, half)),
    Mask: bytes.subarray(half).toString('base64'),
  });
}

function distributionPoints(value: Buffer): Members {
  const urls = readDerValues(readDer(value, derTags.sequence).content).flatMap((point) => {
    const name = DerSequence.of(point).optional(0xa0);
    const full = name && readDerValues(name.content).find(({ tag }) => tag === 0xa0);
    return full ? urlsOf(readDerValues(full.content)) : [];
  });
  return { CRLDistributionPoints: orNull(urls) };
}

function urlsOf(names: readonly Der[]): string[] {
  return names.filter(({ tag }) => tag === 0x86).map(({ content }) => content.toString('latin1'));
}

function authorityKey(value: Buffer): Members {
  const id = DerSequence.of(readDer(value)).optional(0x80);
  return { AuthorityKeyId: id === undefined ? null : id.content.toString('base64') };
}

function subjectKey(value: Buffer): Members {
  return { SubjectKeyId: readDer(value, derTags.octetString).content.toString('base64') };
}

/** In the order of Go's numbers for them. */
const keyUsageIds = [
  '2.5.29.37.0',
  '1.3.6.1.5.5.7.3.1',
  '1.3.6.1.5.5.7.3.2',
  '1.3.6.1.5.5.7.3.3',
  '1.3.6.1.5.5.7.3.4',
  '1.3.6.1.5.5.7.3.5',
  '1.3.6.1.5.5.7.3.6',
  '1.3.6.1.5.5.7.3.7',
  '1.3.6.1.5.5.7.3.8',
  '1.3.6.1.5.5.7.3.9',
  '1.3.6.1.4.1.311.10.3.3',
  '2.16.840.1.113730.4.1',
  '1.3.6.1.4.1.311.2.1.22',
  '1.3.6.1.4.1.311.61.1.1',
];

function extendedKeyUsage(value: Buffer): Members {
  const ids = readDerValues(readDer(value, derTags.sequence).content).map(derOid);
  const numbers = ids.map((id) => keyUsageIds.indexOf(id.join('.')));
  return {
    ExtKeyUsage: orNull(numbers.filter((number) => number >= 0)),
    UnknownExtKeyUsage: orNull(ids.filter((_, at) => numbers[at] === -1)),
  };
}

function policies(value: Buffer): Members {
  const ids = readDerValues(readDer(value, derTags.sequence).content).map((policy) =>
    derOid(DerSequence.of(policy).next(derTags.oid)),
  );
  if (new Set(ids.map((id) => id.join('.'))).size !== ids.length)
    throw malformed('a policy stands twice');
  return { Policies: orNull(ids.map((id) => id.join('.'))), PolicyIdentifiers: orNull(ids) };
}

function policyMappings(value: Buffer): Members {
  const mappings = readDerValues(readDer(value, derTags.sequence).content).map((mapping) => {
    const members = DerSequence.of(mapping);
    const [IssuerDomainPolicy, SubjectDomainPolicy] = [
      derOid(members.next()),
      derOid(members.next()),
    ];
    return regoObject({
      IssuerDomainPolicy: IssuerDomainPolicy.join('.'),
      SubjectDomainPolicy: SubjectDomainPolicy.join('.'),
    });
  });
  return { PolicyMappings: orNull(mappings) };
}

function policyConstraints(value: Buffer): Members {
  const members = DerSequence.of(readDer(value));
  const [explicit, mapping] = [members.optional(0x80), members.optional(0x81)];
  return {
    ...(explicit && counted('RequireExplicitPolicy', explicit)),
    ...(mapping && counted('InhibitPolicyMapping', mapping)),
  };
}

function inhibitAnyPolicy(value: Buffer): Members {
  return counted('InhibitAnyPolicy', readDer(value, derTags.integer));
}

function counted(name: string, integer: Der): Members {
  const count = derInteger(integer);
  if (count < 0n || count > 0x7fffffffn) throw new BuiltinError(`x509: invalid ${name}`);
  return { [name]: Number(count), [`${name}Zero`]: count === 0n };
}

function authorityInformation(value: Buffer): Members {
  const accesses = readDerValues(readDer(value, derTags.sequence).content).map((access) => {
    const members = DerSequence.of(access);
    return { method: derOid(members.next(derTags.oid)).join('.'), location: members.next() };
  });
  const urls = (wanted: string) =>
    urlsOf(accesses.filter(({ method }) => method === wanted).map(({ location }) => location));
  return {
    OCSPServer: orNull(urls('1.3.6.1.5.5.7.48.1')),
    IssuingCertificateURL: orNull(urls('1.3.6.1.5.5.7.48.2')),
  };
}
