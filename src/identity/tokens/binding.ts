import type { Caller } from '../../domain/identity/caller.ts';
import { isJsonObject } from '../../domain/json.ts';
import type { Verified } from './token-verifier.ts';

/** The peer that shows a token: the presenter of RFC 7800. */
export interface Presenter {
  /** Undefined: nobody is proven. */
  readonly peer: Caller | undefined;
  /** SHA-256 of its certificate in base64url; undefined where Envoy does not say. */
  readonly certificateHash: () => string | undefined;
}

/**
 * Why this peer may not show this token, or undefined when it may. A token that is bound to a
 * certificate (RFC 8705 §3.1) is never taken for one that is not, also where binding is not asked
 * for: whoever stole it could use it.
 */
export function bindingFault(
  { token, principal, issuer: { settings } }: Verified,
  { peer, certificateHash }: Presenter,
): string | undefined {
  if (!principal.isVouchedFor && principal.name !== peer?.principal) {
    return `${settings.issuer} may not speak for ${principal.name}`;
  }
  const { cnf } = token.claims;
  if (cnf !== undefined) {
    const bound = isJsonObject(cnf) ? cnf['x5t#S256'] : undefined;
    if (typeof bound !== 'string') return 'the token is bound to a key that cannot be proven here';
    const shown = certificateHash();
    if (shown === undefined) {
      return 'the token is bound to a certificate, and Envoy does not say which one the peer has';
    }
    return shown === bound ? undefined : 'the token is bound to another certificate';
  }
  const isFree = settings.bindTo === undefined || token.subject === peer?.principal;
  return isFree ? undefined : 'the token is bound to another peer';
}
