import { isIP } from 'node:net';
import type { Spend } from '../../builtin.ts';
import { signatureUnits } from '../jwt/jws.ts';
import type { Certificate } from './certificate.ts';
import { isTrustedAlgorithm } from './signature-algorithm.ts';

export interface ChainOptions {
  readonly timeMs: number;
  /** The name or address that the leaf must be for; empty for any. */
  readonly name: string;
  /** Go's numbers of extended key usages, of which the chain must allow one. */
  readonly keyUsages: readonly number[];
  /** Is told what each signature takes. */
  readonly spend: Spend;
}

const anyUsage = 0;

/** Go's bound on signatures that one verification checks. */
const maxSignatureChecks = 100;

/**
 * The chain from the last certificate, the leaf, to the first, the root, as Go's x509 verifies it;
 * undefined when there is none. A CA with name constraints, or that wants explicit policies, ends a
 * chain here: its demands are not checked, so nothing may rely on them.
 */
export function verifyChain(
  certificates: readonly Certificate[],
  options: ChainOptions,
): readonly Certificate[] | undefined {
  const [root, leaf] = [certificates[0], certificates.at(-1)];
  if (root === undefined || leaf === undefined || certificates.length < 2) return undefined;
  if (!isUsable(leaf, options) || !isFor(leaf, options.name)) return undefined;
  if (leaf.raw.equals(root.raw)) return allowsUsage([leaf], options) ? [leaf] : undefined;
  const search = { root, intermediates: certificates.slice(1, -1), options, checks: 0 };
  return extendChain(search, [leaf]);
}

interface Search {
  readonly root: Certificate;
  readonly intermediates: readonly Certificate[];
  readonly options: ChainOptions;
  checks: number;
}

/** Depth first, the root before any intermediate. */
function extendChain(
  search: Search,
  chain: readonly Certificate[],
): readonly Certificate[] | undefined {
  const { root, options } = search;
  if (isNext(search, chain, root)) {
    const complete = [...chain, root];
    if (allowsUsage(complete, options)) return complete;
  }
  for (const intermediate of search.intermediates) {
    if (intermediate.members['IsCA'] !== true || !isNext(search, chain, intermediate)) continue;
    const found = extendChain(search, [...chain, intermediate]);
    if (found !== undefined) return found;
  }
  return undefined;
}

function isNext(search: Search, chain: readonly Certificate[], parent: Certificate): boolean {
  const child = chain.at(-1);
  if (child === undefined || !child.issuer.equals(parent.subject)) return false;
  if (
    chain.some(
      ({ raw, subject, x509 }) => raw.equals(parent.raw) || isSameKey(subject, x509, parent),
    )
  )
    return false;
  if (!isUsable(parent, search.options) || !maySign(parent, chain.length - 1)) return false;
  search.checks += 1;
  if (search.checks > maxSignatureChecks) return false;
  search.options.spend(signatureUnits(parent.x509.publicKey));
  return isSignedBy(child, parent);
}

/** Two certificates of one name and key would make a chain that never ends. */
function isSameKey(subject: Buffer, x509: Certificate['x509'], other: Certificate): boolean {
  return subject.equals(other.subject) && x509.publicKey.equals(other.x509.publicKey);
}

function isUsable({ x509, members }: Certificate, { timeMs }: ChainOptions): boolean {
  return (
    members['UnhandledCriticalExtensions'] === null &&
    timeMs >= x509.validFromDate.getTime() &&
    timeMs <= x509.validToDate.getTime()
  );
}

const certificateSigning = 1 << 5;

function maySign({ members }: Certificate, intermediatesBelow: number): boolean {
  const { Version, BasicConstraintsValid, IsCA, KeyUsage, MaxPathLen } = members;
  if (hasUncheckedDemands(members)) return false;
  if (BasicConstraintsValid === true ? IsCA !== true : Version === 3) return false;
  if (typeof KeyUsage !== 'number' || typeof MaxPathLen !== 'number') return false;
  if (KeyUsage !== 0 && (KeyUsage & certificateSigning) === 0) return false;
  return BasicConstraintsValid !== true || MaxPathLen < 0 || intermediatesBelow <= MaxPathLen;
}

const nameConstraints = [
  'PermittedDNSDomains',
  'ExcludedDNSDomains',
  'PermittedIPRanges',
  'ExcludedIPRanges',
  'PermittedEmailAddresses',
  'ExcludedEmailAddresses',
  'PermittedURIDomains',
  'ExcludedURIDomains',
];

function hasUncheckedDemands(members: Certificate['members']): boolean {
  const { RequireExplicitPolicy, RequireExplicitPolicyZero } = members;
  return (
    RequireExplicitPolicy !== 0 ||
    RequireExplicitPolicyZero === true ||
    nameConstraints.some((name) => members[name] !== null)
  );
}

function isSignedBy(child: Certificate, parent: Certificate): boolean {
  const { SignatureAlgorithm } = child.members;
  if (typeof SignatureAlgorithm !== 'number' || !isTrustedAlgorithm(SignatureAlgorithm))
    return false;
  if (parent.members['PublicKeyAlgorithm'] === 0) return false;
  try {
    return child.x509.verify(parent.x509.publicKey);
  } catch {
    return false;
  }
}

/** From the root down, each certificate with extended key usages leaves only those that it names. */
function allowsUsage(chain: readonly Certificate[], { keyUsages }: ChainOptions): boolean {
  if (keyUsages.includes(anyUsage)) return true;
  return keyUsages.some((usage) => chain.every(({ members }) => mayBeUsed(members, usage)));
}

function mayBeUsed(
  { ExtKeyUsage, UnknownExtKeyUsage }: Certificate['members'],
  usage: number,
): boolean {
  if (ExtKeyUsage === null) return UnknownExtKeyUsage === null;
  return (
    Array.isArray(ExtKeyUsage) && (ExtKeyUsage.includes(usage) || ExtKeyUsage.includes(anyUsage))
  );
}

/** By the alternative names alone, a wildcard only as the whole first label. */
function isFor({ x509 }: Certificate, name: string): boolean {
  if (name === '') return true;
  const address = /^\[(.*)\]$/.exec(name)?.[1] ?? name;
  if (isIP(address) !== 0) return x509.checkIP(address) !== undefined;
  const options = { subject: 'never', partialWildcards: false } as const;
  return x509.checkHost(name.replace(/\.$/, ''), options) !== undefined;
}
