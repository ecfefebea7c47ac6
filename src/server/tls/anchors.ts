import type { X509Certificate } from 'node:crypto';

/** A certificate that others are trusted for. */
export interface Anchor {
  readonly certificate: X509Certificate;
  /** What it may vouch for (SPIFFE Federation); absent: whatever it signs. */
  readonly trustDomain?: string;
}

/** The anchors that vouch for a peer, by their fingerprints. */
export interface Vouchers {
  readonly fingerprints: readonly string[];
  /** It hangs from one of them, but Node does not say by which certificates, nor from which. */
  readonly isOneUnknown: boolean;
}

/**
 * Who vouches for a peer whose chain OpenSSL has verified with `all`; `own` are those of its trust
 * domain. Told by signatures, because an old authority and a new one may share their name.
 * Undefined where it may hang from an anchor of another trust domain.
 */
export function vouchersOf(
  leaf: X509Certificate,
  own: readonly Anchor[],
  all: readonly Anchor[],
): Vouchers | undefined {
  const signers = own.filter(({ certificate }) => isIssuedBy(leaf, certificate));
  if (signers.length > 0) return { fingerprints: fingerprintsOf(signers), isOneUnknown: false };
  return own.length === all.length
    ? { fingerprints: fingerprintsOf(all), isOneUnknown: true }
    : undefined;
}

/** Whether what vouched for a peer then does so still. */
export function stillVouch(vouchers: Vouchers, own: readonly Anchor[]): boolean {
  const present = new Set(fingerprintsOf(own));
  const isPresent = (fingerprint: string): boolean => present.has(fingerprint);
  return vouchers.isOneUnknown
    ? vouchers.fingerprints.every(isPresent)
    : vouchers.fingerprints.some(isPresent);
}

export function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

function fingerprintsOf(anchors: readonly Anchor[]): readonly string[] {
  return anchors.map(({ certificate }) => certificate.fingerprint256);
}
