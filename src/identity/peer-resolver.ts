import type { CallerResolver } from '../check/ports.ts';
import type { Caller } from '../domain/caller.ts';
import { Denial } from '../domain/decision.ts';
import { parseSpiffeId, type SpiffeId } from '../domain/spiffe-id.ts';

export interface PeerResolverOptions {
  /** Peers of other trust domains are strangers. */
  readonly trustDomains: readonly string[];
  /** `none`: an unknown caller is not refused here; the policy sees that there is no caller. */
  readonly require: 'peer' | 'either' | 'none';
}

/** Principals seen lately; a mesh has far fewer, and a flood of others only costs their parsing. */
const maxRemembered = 4096;
/** As long as a SPIFFE ID may be; what is longer is nobody, and not worth the memory. */
const maxRememberedLength = 2048;

/**
 * Knows the caller by `source.principal`: the identity in the peer certificate that Envoy verified.
 *
 * Envoy sends the first URI SAN, or else the first DNS SAN, or else the subject, and does not say
 * which. Only a SPIFFE ID of a known trust domain proves a workload; whatever else stands there is
 * nobody.
 */
export function createPeerResolver(options: PeerResolverOptions): CallerResolver {
  const trustDomains = new Set(options.trustDomains);
  const remembered = new Map<string, Caller | Denial>();

  function identify(principal: string): Caller | Denial {
    const known = remembered.get(principal);
    if (known !== undefined) return known;
    const answer = authenticate(principal, trustDomains);
    if (principal.length > maxRememberedLength) return answer;
    if (remembered.size >= maxRemembered) remembered.clear();
    remembered.set(principal, answer);
    return answer;
  }

  return {
    resolve(request) {
      const answer = identify(request.attributes.source?.principal ?? '');
      return answer instanceof Denial && options.require === 'none' ? undefined : answer;
    },
  };
}

function authenticate(principal: string, trustDomains: ReadonlySet<string>): Caller | Denial {
  if (principal === '') return unauthenticated('the peer showed no certificate');
  const spiffe = parsePrincipal(principal);
  if (spiffe === undefined) return unauthenticated(`${quoted(principal)} is not a SPIFFE ID`);
  if (spiffe.path === '') return unauthenticated(`${spiffe.uri} names no workload`);
  if (!trustDomains.has(spiffe.trustDomain)) {
    return unauthenticated(`trust domain ${spiffe.trustDomain} is not in identity.trustDomains`);
  }
  return { principal: spiffe.uri, source: 'peer', spiffe };
}

/** Istio's policies and some of its proxies write SPIFFE IDs without the scheme. */
const istioForm = /^[^/:]+\/ns\/[^/]+\/sa\/[^/]+$/;

function parsePrincipal(principal: string): SpiffeId | undefined {
  return parseSpiffeId(istioForm.test(principal) ? `spiffe://${principal}` : principal);
}

function unauthenticated(detail: string): Denial {
  return new Denial('unauthenticated', detail);
}

function quoted(principal: string): string {
  return JSON.stringify(principal.length > 200 ? `${principal.slice(0, 200)}…` : principal);
}
