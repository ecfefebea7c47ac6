import type { VerifiedToken } from '../../domain/identity/caller.ts';
import { Denial } from '../../domain/decision/decision.ts';
import { parseSpiffeId, type SpiffeId } from '../../domain/identity/spiffe-id.ts';
import type { TokenIssuerSettings } from '../../domain/identity/token-settings.ts';

/** Whom a token names. */
export interface TokenPrincipal {
  readonly name: string;
  readonly spiffe?: SpiffeId;
  /** False: a SPIFFE ID that the issuer may not speak for; only the peer that has it may show it. */
  readonly isVouchedFor: boolean;
}

const maxLength = 512;
const unprintable = /[\p{Cc}\p{Cf}\ufffd]/u;
const spiffeLike = /^spiffe:/i;

/**
 * An issuer that speaks for trust domains names workloads only. A SPIFFE ID is never made up of a
 * prefix and a claim: it would pass for a workload's.
 */
export function principalIn(
  { claims }: VerifiedToken,
  { principalClaim, principalPrefix, trustDomains }: TokenIssuerSettings,
): TokenPrincipal | Denial {
  const claim = claims[principalClaim];
  if (typeof claim !== 'string' || claim === '') return invalid(`has no ${principalClaim}`);
  if (claim.length > maxLength || unprintable.test(claim)) {
    return invalid(`names nobody in ${principalClaim}`);
  }
  if (!spiffeLike.test(claim)) {
    const name = principalPrefix + claim;
    const isWorkload = trustDomains.length > 0 || spiffeLike.test(name);
    return isWorkload
      ? invalid(`has no SPIFFE ID in ${principalClaim}`)
      : { name, isVouchedFor: true };
  }
  const spiffe = parseSpiffeId(claim);
  if (spiffe === undefined || spiffe.path === '') {
    return invalid(`has no SPIFFE ID of a workload in ${principalClaim}`);
  }
  return { name: claim, spiffe, isVouchedFor: trustDomains.includes(spiffe.trustDomain) };
}

function invalid(what: string): Denial {
  return new Denial('token_invalid', `the token ${what}`);
}
