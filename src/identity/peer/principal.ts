import type { Caller, CallerSource } from '../../domain/identity/caller.ts';
import { Denial } from '../../domain/decision/decision.ts';
import { parseSpiffeId, type SpiffeId } from '../../domain/identity/spiffe-id.ts';

/** The trust domains whose principals are known; those of all others are strangers. */
export interface TrustDomains {
  readonly own: ReadonlySet<string>;
  /** Known, and marked as not ours. */
  readonly federated: ReadonlySet<string>;
}

/** The caller that a certificate's principal names, or why it names none. */
export function callerNamed(
  principal: string,
  source: CallerSource,
  trustDomains: TrustDomains,
): Caller | Denial {
  const spiffe = parsePrincipal(principal);
  if (spiffe === undefined) return unauthenticated(`${quoted(principal)} is not a SPIFFE ID`);
  if (spiffe.path === '') return unauthenticated(`${spiffe.uri} names no workload`);
  const caller: Caller = { principal: spiffe.uri, source, spiffe };
  if (trustDomains.own.has(spiffe.trustDomain)) return caller;
  if (trustDomains.federated.has(spiffe.trustDomain)) return { ...caller, federated: true };
  return unauthenticated(`trust domain ${spiffe.trustDomain} is not in identity.trustDomains`);
}

/** Istio's policies and some of its proxies write SPIFFE IDs without the scheme. */
const istioForm = /^[^/:]+\/ns\/[^/]+\/sa\/[^/]+$/;

function parsePrincipal(principal: string): SpiffeId | undefined {
  return parseSpiffeId(istioForm.test(principal) ? `spiffe://${principal}` : principal);
}

/** Nobody was proven: where nobody need be, that is no reason to refuse. */
export function unauthenticated(detail: string): Denial {
  return new Denial('unauthenticated', detail);
}

function quoted(principal: string): string {
  return JSON.stringify(principal.length > 200 ? `${principal.slice(0, 200)}…` : principal);
}
