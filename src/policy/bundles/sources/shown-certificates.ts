import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import { type CertificateFacts, factsOf } from '../../../domain/identity/certificate-facts.ts';
import { peerCertificateOf } from '../../../domain/identity/peer-certificate.ts';

/** What the two ends of a connection showed; without TLS nothing. */
export interface ShownCertificates {
  readonly server?: CertificateFacts;
  /** Ours, where we have one for it. */
  readonly client?: CertificateFacts;
}

export function shownCertificates({ socket }: IncomingMessage): ShownCertificates {
  if (!(socket instanceof TLSSocket)) return {};
  const [server, client] = [peerCertificateOf(socket), socket.getX509Certificate()];
  return {
    ...(server && { server: factsOf(server) }),
    ...(client && { client: factsOf(client) }),
  };
}
