import type { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { spiffeIdIn } from '../../domain/identity/certificate-names.ts';
import type { SpiffeId } from '../../domain/identity/spiffe-id.ts';
import type { SpiffePattern } from '../../domain/identity/spiffe-pattern.ts';
import { isVouchedForBy, type Vouchers, vouchersOf } from './anchors.ts';
import type { Credentials } from './credentials.ts';
import { type Refusal, verdictOf } from './handshake-failure.ts';
import { provenPeerOf } from './peer-chain.ts';

/** Who is let in: read for every handshake, replaced as a whole. */
export interface Trust {
  readonly credentials: Credentials;
  readonly allowedClients: readonly SpiffePattern[];
}

/** A peer that was let in. */
export interface TlsClient {
  readonly id: SpiffeId;
  readonly vouchers: Vouchers;
}

/**
 * Judges a peer by what OpenSSL says of its chain, by who it is, and by whether that one may come in.
 * OpenSSL spoke of those who were trusted when the handshake began; they may be others now.
 */
export function admit(
  socket: TLSSocket,
  begun: Trust,
  now: Trust,
  nowMs: number,
): TlsClient | Refusal {
  const proven = provenPeerOf(socket);
  if (proven === undefined) return { cause: 'other', detail: 'nothing is known of the handshake' };
  const { chain, fault } = proven;
  if (chain === undefined) return { cause: 'no_certificate', detail: 'no certificate was shown' };
  if (fault !== undefined) return verdictOf(fault);
  const { leaf } = chain;
  if (socket.isSessionReused()) {
    return { cause: 'other', detail: 'a resumed session proves nothing now' };
  }
  if (socket.alpnProtocol !== 'h2') {
    return { cause: 'protocol', detail: 'the peer did not offer h2 (ALPN)' };
  }
  if (leaf.ca) return { cause: 'unsuitable', detail: 'the certificate is an authority’s own' };
  const id = spiffeIdIn(leaf.subjectAltName);
  if (id === undefined) {
    return { cause: 'no_spiffe_id', detail: `one SPIFFE ID is needed, not ${namesOf(leaf)}` };
  }
  const vouchers = vouchersOf(chain, anchorsFor(id, begun), begun.credentials.anchors, nowMs);
  const client = { id, vouchers };
  return refusalOf(client, now) ?? client;
}

/** Why a peer may not come in, or may not stay; undefined when it may. */
export function refusalOf({ id, vouchers }: TlsClient, trust: Trust): Refusal | undefined {
  if (!isVouchedForBy(anchorsFor(id, trust), vouchers)) {
    const detail = `no authority that may vouch for ${id.uri}`;
    return { cause: 'unknown_authority', detail };
  }
  if (!trust.allowedClients.some((pattern) => pattern.matches(id))) {
    return { cause: 'not_allowed', detail: `${id.uri} is not in server.tls.allowedClients` };
  }
  return undefined;
}

function anchorsFor({ trustDomain }: SpiffeId, { credentials }: Trust) {
  return credentials.anchors.filter(
    (anchor) => anchor.trustDomain === undefined || anchor.trustDomain === trustDomain,
  );
}

const maxNamesLength = 200;

function namesOf({ subjectAltName = 'no names' }: X509Certificate): string {
  return JSON.stringify(subjectAltName.slice(0, maxNamesLength));
}
