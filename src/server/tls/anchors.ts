import type { X509Certificate } from 'node:crypto';

/** A certificate that others are trusted for. */
export interface Anchor {
  readonly certificate: X509Certificate;
  /** What it may vouch for (SPIFFE Federation); absent: whatever it signs. */
  readonly trustDomain?: string;
}

/** The anchors that a peer may hang from, by their fingerprints. */
export interface Vouchers {
  readonly fingerprints: readonly string[];
  /** It hangs from one of them, by others that the peer sent, and which one is not told. */
  readonly isOneUnknown: boolean;
  /** Of the certificates that it hangs by, anchors aside. */
  readonly expiresAtMs: number;
}

/** A peer's own certificate, and those that it sent beside it. */
export interface PeerChain {
  readonly leaf: X509Certificate;
  readonly others: readonly X509Certificate[];
}

/**
 * Who vouches for a peer whose chain OpenSSL has verified with `all`; `own` are those of its trust
 * domain. Told by signatures, because an old authority and a new one may share their name.
 */
export function vouchersOf(
  { leaf, others }: PeerChain,
  own: readonly Anchor[],
  all: readonly Anchor[],
): Vouchers {
  const signers = own.filter(({ certificate }) => isIssuedBy(leaf, certificate));
  if (signers.length > 0) {
    const expiresAtMs = expiryOf([leaf]);
    return { fingerprints: fingerprintsOf(signers), isOneUnknown: false, expiresAtMs };
  }
  const above = certificatesAbove(leaf, [...others, ...all.map(({ certificate }) => certificate)]);
  const reached = all.filter(({ certificate }) => above.has(certificate));
  const between = others.filter((other) => above.has(other));
  const expiresAtMs = expiryOf([leaf, ...between]);
  return { fingerprints: fingerprintsOf(reached), isOneUnknown: true, expiresAtMs };
}

/**
 * Whether those of its trust domain vouch for a peer. OpenSSL does not say which of several ways up
 * it took, so that where there are several all of them must end there.
 */
export function isVouchedForBy(own: readonly Anchor[], vouchers: Vouchers): boolean {
  const present = new Set(fingerprintsOf(own));
  const isPresent = (fingerprint: string): boolean => present.has(fingerprint);
  const { fingerprints, isOneUnknown } = vouchers;
  return isOneUnknown
    ? fingerprints.length > 0 && fingerprints.every(isPresent)
    : fingerprints.some(isPresent);
}

/** Those on any way up from the leaf. */
function certificatesAbove(
  leaf: X509Certificate,
  known: readonly X509Certificate[],
): ReadonlySet<X509Certificate> {
  const above = new Set<X509Certificate>();
  const addIssuersOf = (certificate: X509Certificate): void => {
    for (const issuer of known) {
      if (above.has(issuer) || !isIssuedBy(certificate, issuer)) continue;
      above.add(issuer);
      addIssuersOf(issuer);
    }
  };
  addIssuersOf(leaf);
  return above;
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
