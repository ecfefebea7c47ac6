import { createPrivateKey, type KeyObject, type X509Certificate } from 'node:crypto';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { nameOf } from '../../domain/identity/certificate-facts.ts';
import { spiffeIdIn, urisIn } from '../../domain/identity/certificate-names.ts';
import { messageOf } from '../../domain/fault-message.ts';
import { type Anchor, isIssuedBy } from './anchors.ts';
import { certificatesIn } from './pem.ts';
import { protocolOptions } from './protocol.ts';

/** What the server shows, and whom it lets in, as PEM. */
export interface TlsMaterial {
  /** Our own first, then those between it and its authority. */
  readonly certificate: string;
  readonly privateKey: string;
  readonly clientCa: readonly ClientAuthorities[];
}

export interface ClientAuthorities {
  readonly pem: string;
  /** The only trust domain that they vouch for; absent: any. */
  readonly trustDomain?: string;
  /** They are a partner's: what it gets wrong keeps out its own clients, and changes nothing else. */
  readonly isFederated?: boolean;
}

/** Checked, and ready to be used. */
export interface Credentials {
  readonly chain: readonly X509Certificate[];
  readonly anchors: readonly Anchor[];
  /** Federated trust domains whose authorities cannot serve, and why. */
  readonly leftOut: readonly string[];
  readonly contextOptions: SecureContextOptions;
}

export interface CredentialFault {
  readonly part: keyof TlsMaterial;
  readonly message: string;
}

/** Everything that a handshake with this would fail for, said before it is used. */
export function readCredentials(
  { certificate, privateKey, clientCa }: TlsMaterial,
  nowMs: number,
): { readonly value: Credentials } | { readonly faults: readonly CredentialFault[] } {
  const faults: CredentialFault[] = [];
  const attempt = <T>(part: keyof TlsMaterial, read: () => T): T | undefined => {
    try {
      return read();
    } catch (fault) {
      faults.push({ part, message: messageOf(fault) });
      return undefined;
    }
  };
  const chain = attempt('certificate', () => readChain(certificate, nowMs));
  const key = attempt('privateKey', () => readKey(privateKey));
  const authorities = attempt('clientCa', () => readAuthorities(clientCa, nowMs));
  if (chain === undefined || key === undefined || authorities === undefined) return { faults };
  const { anchors } = authorities;
  const contextOptions = {
    ...protocolOptions,
    cert: certificate,
    key: privateKey,
    ca: anchors.map((anchor) => anchor.certificate.toString()),
  };
  attempt('privateKey', () => {
    checkPair(chain, key);
  });
  // What OpenSSL refuses: a short key, a digest of old.
  if (faults.length === 0) attempt('certificate', () => createSecureContext(contextOptions));
  return faults.length > 0 ? { faults } : { value: { chain, ...authorities, contextOptions } };
}

/** @throws {Error} saying what is wrong with the certificates that we would show. */
function readChain(pem: string, nowMs: number): readonly X509Certificate[] {
  const chain = certificatesIn(pem);
  const [leaf] = chain;
  if (leaf?.ca === true) throw new Error('begins with the certificate of an authority');
  for (const [index, certificate] of chain.entries()) {
    const issuer = chain[index + 1];
    if (issuer !== undefined && !isIssuedBy(certificate, issuer)) {
      throw new Error(`is out of order: certificate ${index + 1} is not signed by the next one`);
    }
    const fault = timeFaultOf(certificate, nowMs);
    if (fault !== undefined) throw new Error(fault);
  }
  if (leaf !== undefined) checkIdentity(leaf);
  return chain;
}

/** With a DNS name only it is known by that; with a URI it must be good as a SPIFFE ID. */
function checkIdentity({ subjectAltName }: X509Certificate): void {
  const hasUri = urisIn(subjectAltName ?? '')?.length !== 0;
  if (hasUri && spiffeIdIn(subjectAltName) === undefined) {
    throw new Error('has URIs that are not one SPIFFE ID: Envoy could not verify it');
  }
}

function readKey(pem: string): KeyObject {
  if (pem.includes('ENCRYPTED')) throw new Error('is encrypted: give it without a passphrase');
  try {
    return createPrivateKey(pem);
  } catch {
    throw new Error('holds no private key (PEM)');
  }
}

function checkPair([leaf]: readonly X509Certificate[], key: KeyObject): void {
  if (leaf?.checkPrivateKey(key) !== true) throw new Error('is not the key of the certificate');
}

function readAuthorities(
  authorities: readonly ClientAuthorities[],
  nowMs: number,
): Pick<Credentials, 'anchors' | 'leftOut'> {
  const anchors = [...readAnchors(authorities.filter(({ isFederated }) => isFederated !== true))];
  const leftOut: string[] = [];
  for (const each of authorities.filter(({ isFederated }) => isFederated === true)) {
    try {
      anchors.push(...readAnchors([each]));
    } catch (fault) {
      leftOut.push(`the bundle of ${each.trustDomain ?? 'a partner'} ${messageOf(fault)}`);
    }
  }
  // One that has run out does no harm beside another: OpenSSL takes no chain that hangs from it.
  if (!anchors.some(({ certificate }) => timeFaultOf(certificate, nowMs) === undefined)) {
    throw new Error('holds no authority that is valid now');
  }
  return { anchors, leftOut };
}

function readAnchors(authorities: readonly ClientAuthorities[]): readonly Anchor[] {
  const anchors = authorities.flatMap(({ pem, trustDomain }) =>
    certificatesIn(pem).map((certificate) => ({
      certificate,
      ...(trustDomain !== undefined && { trustDomain }),
    })),
  );
  for (const { certificate } of anchors) {
    if (!certificate.ca) {
      throw new Error(`holds ${nameOf(certificate)}, which is not an authority`);
    }
    // OpenSSL trusts no chain that does not end at a root: every handshake would fail.
    if (!anchors.some((issuer) => isIssuedBy(certificate, issuer.certificate))) {
      throw new Error(
        `holds ${nameOf(certificate)} without the authority that signed it: add that`,
      );
    }
  }
  return anchors;
}

function timeFaultOf(certificate: X509Certificate, nowMs: number): string | undefined {
  const { validFromDate, validToDate } = certificate;
  if (nowMs < validFromDate.getTime()) {
    return `holds ${nameOf(certificate)}, which is valid from ${validFromDate.toISOString()} only`;
  }
  if (nowMs >= validToDate.getTime()) {
    return `holds ${nameOf(certificate)}, which expired at ${validToDate.toISOString()}`;
  }
  return undefined;
}
