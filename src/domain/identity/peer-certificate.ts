import { X509Certificate } from 'node:crypto';

/** A TLS connection of Node. Without a certificate of the peer there is no `raw`. */
export interface CertifiedConnection {
  getPeerCertificate(): { readonly raw?: Buffer };
}

/**
 * A peer's own certificate; undefined: it showed none. Not by `getPeerX509Certificate`, which takes
 * the others that a peer sent off OpenSSL's list and never frees them (Node 24.21).
 */
export function peerCertificateOf(connection: CertifiedConnection): X509Certificate | undefined {
  const { raw } = connection.getPeerCertificate();
  return raw && new X509Certificate(raw);
}
