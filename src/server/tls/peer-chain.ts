import type { X509Certificate } from 'node:crypto';
import { TLSSocket } from 'node:tls';
import { peerCertificateOf } from '../../domain/peer-certificate.ts';
import type { PeerChain } from './anchors.ts';

/** Of the verified peers whose handshake has just ended. */
const otherCertificates = new WeakMap<TLSSocket, readonly X509Certificate[]>();

/** Ways up are sought among them, at the cost of a signature a step; a chain has two or three. */
const maxOthers = 8;

/**
 * Chooses h2 for a server, or nothing. Here Node gives away the socket of a handshake before the
 * handshake is done. That is needed: Node 24.21 has let go of all that a client sent beside its own
 * certificate when it says that it is done (nodejs/node#65579). Where Node changes, none are found
 * and nobody is let in by them.
 */
export function chooseProtocol(
  this: unknown,
  { protocols }: { readonly protocols: readonly string[] },
): string | undefined {
  if (this instanceof TLSSocket) this.prependOnceListener('secure', keepOthers);
  return protocols.find((protocol) => protocol === 'h2');
}

/** Undefined: the peer showed no certificate. */
export function peerChainOf(socket: TLSSocket): PeerChain | undefined {
  const leaf = peerCertificateOf(socket);
  return leaf && { leaf, others: otherCertificates.get(socket) ?? [] };
}

function keepOthers(this: TLSSocket): void {
  try {
    if (isVerified(this)) otherCertificates.set(this, readOthers(this));
  } catch {
    // What nobody foresaw of a certificate must not end the process; nobody is let in by it.
  }
}

/**
 * By OpenSSL's own word, which `authorized` repeats only later. What is read below is never freed
 * by Node, so it must not be read of strangers.
 */
function isVerified(socket: TLSSocket): boolean {
  const handle: unknown = Reflect.get(socket, '_handle');
  return hasVerdict(handle) && handle.verifyError() === null;
}

function hasVerdict(handle: unknown): handle is { verifyError(): unknown } {
  return (
    typeof handle === 'object' &&
    handle !== null &&
    'verifyError' in handle &&
    typeof handle.verifyError === 'function'
  );
}

/** None for too many: which of them matter could not be told. */
function readOthers(socket: TLSSocket): readonly X509Certificate[] {
  const others: X509Certificate[] = [];
  let next = socket.getPeerX509Certificate()?.issuerCertificate;
  while (next !== undefined && others.length <= maxOthers) {
    others.push(next);
    next = next.issuerCertificate;
  }
  return others.length > maxOthers ? [] : others;
}
