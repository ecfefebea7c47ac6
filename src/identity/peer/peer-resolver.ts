import type { Caller } from '../../domain/identity/caller.ts';
import type { CertificateFacts } from '../../domain/identity/certificate-facts.ts';
import { Denial } from '../../domain/decision/decision.ts';
import type { IdentitySettings, PeerSource } from '../../domain/identity/identity-settings.ts';
import { headerOf, type RequestView } from '../../domain/request/request.ts';
import { forwardedHash, lastForwardedCertificate } from './forwarded-certificate.ts';
import { callerNamed, type TrustDomains, unauthenticated } from './principal.ts';
import { readSentCertificate } from './sent-certificate.ts';

export type PeerSettings = Pick<
  IdentitySettings,
  'trustDomains' | 'federatedTrustDomains' | 'sources'
>;

/** Knows the workload at the other end of the connection that Envoy verified. */
export interface PeerResolver {
  /** `unauthenticated`: nobody is proven. Any other denial stands, whoever else is proven. */
  resolve(request: RequestView): Caller | Denial;
  /** SHA-256 of the peer's certificate in base64url; undefined where no source says it. */
  certificateHash(request: RequestView, peer: Caller): string | undefined;
}

/** `onCertificate` is told of every certificate that Envoy sends and that is new here. */
export function createPeerResolver(
  settings: PeerSettings,
  onCertificate: (facts: CertificateFacts) => void = () => {},
): PeerResolver {
  const trustDomains = {
    own: new Set(settings.trustDomains),
    federated: new Set(settings.federatedTrustDomains),
  };
  const witnesses = settings.sources.map((source) => {
    const { read, identify } = evidence[source];
    return { source, read, identify: remembering((text) => identify(text, trustDomains), bounds) };
  });
  const certificateOf = remembering((text) => {
    const sent = readSentCertificate(text);
    if (sent !== undefined) onCertificate(sent.facts);
    return sent ?? unreadable;
  }, certificateBounds);
  return {
    resolve(request) {
      for (const { source, read, identify } of witnesses) {
        const text = read(request);
        if (text === undefined || text === '') continue;
        const caller = identify(text);
        const certificate = source === 'peer' ? sentIn(request) : undefined;
        if (certificate === undefined || caller instanceof Denial) return caller;
        return certificateOf(certificate).spiffeUri === caller.principal ? caller : contradicted;
      }
      return nobody;
    },
    certificateHash(request, { principal, source }) {
      const certificate = source === 'peer' ? sentIn(request) : undefined;
      if (certificate !== undefined) return certificateOf(certificate).hash;
      return settings.sources.includes('xfcc')
        ? forwardedHash(headerOf(request, forwardedCertificateHeader), principal)
        : undefined;
    },
  };
}

const nobody = unauthenticated('the peer showed no certificate');

/** Envoy names one URI of the certificate; one that has others is somebody else as well. */
const contradicted = untrusted(
  'source.certificate has not exactly one URI, which is source.principal',
);

/** The certificate that Envoy sends beside `source.principal`, if it is told to. */
function sentIn({ attributes }: RequestView): string | undefined {
  return attributes.source?.certificate || undefined;
}

const unreadable = { spiffeUri: undefined, hash: undefined };

interface Evidence {
  readonly read: (request: RequestView) => string | undefined;
  readonly identify: (text: string, trustDomains: TrustDomains) => Caller | Denial;
}

/**
 * In `source.principal` Envoy sends the first URI SAN, or else the first DNS SAN, or else the
 * subject, and does not say which. Only a SPIFFE ID of a known trust domain proves a workload;
 * whatever else stands there is nobody.
 */
const evidence: Readonly<Record<PeerSource, Evidence>> = {
  peer: {
    read: ({ attributes }) => attributes.source?.principal,
    identify: (text, trustDomains) => callerNamed(text, 'peer', trustDomains),
  },
  xfcc: {
    read: (request) => headerOf(request, forwardedCertificateHeader),
    identify: identifyForwarded,
  },
};

const forwardedCertificateHeader = 'x-forwarded-client-cert';

function identifyForwarded(field: string, trustDomains: TrustDomains): Caller | Denial {
  const certificate = lastForwardedCertificate(field);
  if (certificate === undefined) {
    return untrusted(`${forwardedCertificateHeader} can be read in more than one way`);
  }
  const [uri, ...others] = certificate.uris;
  if (uri === undefined) return unauthenticated(`${forwardedCertificateHeader} names no URI`);
  if (others.length > 0) {
    return untrusted(`the last element of ${forwardedCertificateHeader} names several URIs`);
  }
  return callerNamed(uri, 'xfcc', trustDomains);
}

function untrusted(detail: string): Denial {
  return new Denial('untrusted_peer', detail);
}

interface Bounds {
  readonly maxRemembered: number;
  /** What is longer is not worth the memory. */
  readonly maxLength: number;
}

/** A mesh has far fewer, and a flood of others only costs their parsing. */
const bounds: Bounds = { maxRemembered: 4096, maxLength: 2048 };
const certificateBounds: Bounds = { maxRemembered: 1024, maxLength: 8192 };

function remembering<T>(
  read: (text: string) => T,
  { maxRemembered, maxLength }: Bounds,
): (text: string) => T {
  const remembered = new Map<string, T>();
  return (text) => {
    const known = remembered.get(text);
    if (known !== undefined) return known;
    const answer = read(text);
    if (text.length > maxLength) return answer;
    if (remembered.size >= maxRemembered) remembered.clear();
    remembered.set(text, answer);
    return answer;
  };
}
