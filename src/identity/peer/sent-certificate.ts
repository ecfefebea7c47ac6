import { createHash, X509Certificate } from 'node:crypto';
import { type CertificateFacts, factsOf } from '../../domain/identity/certificate-facts.ts';
import { spiffeIdIn } from '../../domain/identity/certificate-names.ts';

/** What `source.certificate` says (Envoy's `include_peer_certificate`). */
export interface SentCertificate {
  /** Its only URI; undefined unless that is a SPIFFE ID. */
  readonly spiffeUri: string | undefined;
  /** SHA-256 of its DER, in base64url. */
  readonly hash: string;
  readonly facts: CertificateFacts;
}

/** Far longer than a certificate is, three times over for its percent signs. */
const maxLength = 64 * 1024;

/** URL-encoded PEM, one certificate. Undefined when it is anything else. */
export function readSentCertificate(text: string): SentCertificate | undefined {
  if (text.length > maxLength) return undefined;
  try {
    const certificate = new X509Certificate(decodeURIComponent(text));
    return {
      spiffeUri: spiffeIdIn(certificate.subjectAltName)?.uri,
      hash: createHash('sha256').update(certificate.raw).digest('base64url'),
      facts: factsOf(certificate),
    };
  } catch {
    return undefined;
  }
}
