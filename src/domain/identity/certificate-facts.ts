import type { X509Certificate } from 'node:crypto';
import { spiffeIdIn } from './certificate-names.ts';

/** What people are told of a certificate. Times are epoch milliseconds. */
export interface CertificateFacts {
  readonly subject: string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** SHA-256, as `AB:CD:…`. */
  readonly fingerprint: string;
}

export function factsOf(certificate: X509Certificate): CertificateFacts {
  return {
    subject: nameOf(certificate),
    notBeforeMs: certificate.validFromDate.getTime(),
    notAfterMs: certificate.validToDate.getTime(),
    fingerprint: certificate.fingerprint256,
  };
}

/** Its SPIFFE ID, or else its subject, or else all its names: an SVID needs no subject. */
export function nameOf({ subject, subjectAltName }: X509Certificate): string {
  // The types have it always; without a subject Node has undefined.
  const subjects: string | undefined = subject;
  const name = spiffeIdIn(subjectAltName)?.uri ?? (subjects || subjectAltName || 'no name');
  return name.replaceAll('\n', ', ').slice(0, maxNameLength);
}

const maxNameLength = 200;
