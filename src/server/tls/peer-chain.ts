import { X509Certificate } from 'node:crypto';
import type { DetailedPeerCertificate, Server, TLSSocket } from 'node:tls';
import type { PeerChain } from './anchors.ts';

/** What OpenSSL said of a peer when its handshake was done. */
export interface ProvenPeer {
  /** Undefined: it showed no certificate. */
  readonly chain: PeerChain | undefined;
  /** `CERT_HAS_EXPIRED`; undefined: its chain holds. */
  readonly fault: string | undefined;
}

const proven = new WeakMap<TLSSocket, ProvenPeer>();

/**
 * Takes the judging of peers over from Node, which at the end of each handshake (24.21,
 * nodejs/node#65579) takes what a verified peer sent beside its own certificate off OpenSSL's list
 * and never frees it: 9 KiB of each, a megabyte and more for a peer that sends a hundred.
 */
export function judgePeersOf(server: Server): void {
  const seen = new WeakSet<TLSSocket>();
  // The one event that gives away the socket of each handshake before the handshake is done.
  server.on('keylog', (_secret, socket) => {
    if (seen.has(socket)) return;
    seen.add(socket);
    socket.prependOnceListener('secure', judge);
  });
}

/** Undefined: nobody could tell, so that nobody is let in. */
export function provenPeerOf(socket: TLSSocket): ProvenPeer | undefined {
  return proven.get(socket);
}

function judge(this: TLSSocket): void {
  // Node looks at a certificate only where it has asked for one.
  Reflect.set(this, '_requestCert', false);
  try {
    const handle: unknown = Reflect.get(this, '_handle');
    if (hasVerdict(handle)) proven.set(this, { chain: chainOf(this), fault: faultOf(handle) });
  } catch {
    // What nobody foresaw of a certificate must not end the process; nobody is let in by it.
  }
}

interface VerdictHandle {
  verifyError(): unknown;
}

function hasVerdict(handle: unknown): handle is VerdictHandle {
  return (
    typeof handle === 'object' &&
    handle !== null &&
    'verifyError' in handle &&
    typeof handle.verifyError === 'function'
  );
}

function faultOf(handle: VerdictHandle): string | undefined {
  const fault = handle.verifyError();
  if (fault === null) return undefined;
  return fault instanceof Error && 'code' in fault ? String(fault.code) : 'a fault without a code';
}

/** A chain has two or three; each that is looked at costs a signature. */
const maxAbove = 8;

/**
 * Each certificate with the one that by its name has issued it, of those that were sent, in the
 * order that RFC 8446 §4.4.2 wants: of others Node may leave some out.
 */
function chainOf(socket: TLSSocket): PeerChain | undefined {
  const own: Partial<DetailedPeerCertificate> = socket.getPeerCertificate(true);
  if (own.raw === undefined) return undefined;
  const above: Buffer[] = [];
  let lowest: Partial<DetailedPeerCertificate> = own;
  while (above.length < maxAbove) {
    const next: Partial<DetailedPeerCertificate> | undefined = lowest.issuerCertificate;
    // What has issued itself is the last.
    if (next?.raw === undefined || next === lowest) break;
    above.push(next.raw);
    lowest = next;
  }
  return { leaf: new X509Certificate(own.raw), above };
}
