import { X509Certificate } from 'node:crypto';

/** A certificate that others are trusted for. */
export interface Anchor {
  readonly certificate: X509Certificate;
  /** What it may vouch for (SPIFFE Federation); absent: whatever it signs. */
  readonly trustDomain?: string;
}

/** The anchors that a peer hangs from, by their fingerprints. */
export interface Vouchers {
  readonly fingerprints: readonly string[];
  /** Of the certificates that it hangs by, anchors aside. */
  readonly expiresAtMs: number;
}

/** A peer's own certificate, and the way up from it among those that it sent, in DER. */
export interface PeerChain {
  readonly leaf: X509Certificate;
  readonly above: readonly Buffer[];
}

const nobody: Vouchers = { fingerprints: [], expiresAtMs: -Infinity };

/**
 * Who of its trust domain (`own`) vouches for a peer whose chain OpenSSL has verified with `all`.
 * OpenSSL does not say which way up it took, so this goes up by signatures, because an old authority
 * and a new one may share their name. Stops at the first signature that is not good: fake
 * authorities cost no more than that.
 */
export function vouchersOf(
  { leaf, above }: PeerChain,
  own: readonly Anchor[],
  all: readonly Anchor[],
  nowMs: number,
): Vouchers {
  const hanging = [leaf];
  for (let lowest = leaf; ;) {
    const signers = own.filter(({ certificate }) => isIssuedBy(lowest, certificate));
    if (signers.length > 0) {
      return { fingerprints: fingerprintsOf(signers), expiresAtMs: expiryOf(hanging) };
    }
    const der = above[hanging.length - 1];
    const next = der && new X509Certificate(der);
    if (next === undefined || !isAuthority(next, nowMs) || !isIssuedBy(lowest, next)) return nobody;
    if (all.length > own.length && isConstrained(next)) return nobody;
    hanging.push(next);
    lowest = next;
  }
}

/** Whether those of its trust domain vouch for a peer. */
export function isVouchedForBy(own: readonly Anchor[], { fingerprints }: Vouchers): boolean {
  const present = new Set(fingerprintsOf(own));
  return fingerprints.some((fingerprint) => present.has(fingerprint));
}

function isAuthority({ ca, validFromDate, validToDate }: X509Certificate, nowMs: number): boolean {
  return ca && validFromDate.getTime() <= nowMs && nowMs < validToDate.getTime();
}

/** `id-ce-nameConstraints` (RFC 5280 §4.2.1.10), as DER has it. */
const nameConstraints = Buffer.from('0603551d1e', 'hex');
const clientUsages = ['1.3.6.1.5.5.7.3.2', '2.5.29.37.0'];

/**
 * Whether it may sign for some only. OpenSSL holds a peer to that on the way that it took, which may
 * have been another one, by an authority of another trust domain.
 */
function isConstrained({ raw, keyUsage }: X509Certificate): boolean {
  // The types have it always; without extended key usages Node has undefined.
  const usages: readonly string[] | undefined = keyUsage;
  const isForClients = usages?.some((usage) => clientUsages.includes(usage)) ?? true;
  return !isForClients || raw.includes(nameConstraints);
}

function expiryOf(certificates: readonly X509Certificate[]): number {
  return Math.min(...certificates.map(({ validToDate }) => validToDate.getTime()));
}

export function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

function fingerprintsOf(anchors: readonly Anchor[]): readonly string[] {
  return anchors.map(({ certificate }) => certificate.fingerprint256);
}
