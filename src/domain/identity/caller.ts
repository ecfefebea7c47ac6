import type { JsonObject } from '../json.ts';
import type { SpiffeId } from './spiffe-id.ts';

/** How the caller's identity was established. */
export type CallerSource = 'peer' | 'xfcc' | 'jwt';

/** A verified identity. There is no unverified form of it: no caller is `undefined`. */
export interface Caller {
  /** The normalised name, a SPIFFE ID for mTLS peers. */
  readonly principal: string;
  readonly source: CallerSource;
  readonly spiffe?: SpiffeId;
  /** Present: of a trust domain that is not ours, only federated with it. */
  readonly federated?: true;
  /** Absent: it showed none. */
  readonly token?: VerifiedToken;
  /** Of the person on whose behalf it calls. */
  readonly user?: VerifiedToken;
}

/** What a token says whose signature, issuer, audience and times were found good. */
export interface VerifiedToken {
  readonly issuer: string;
  readonly subject: string;
  readonly audience: readonly string[];
  readonly scopes: readonly string[];
  /** All of them, those above too. */
  readonly claims: JsonObject;
  /** Seconds since 1970, as `exp`. */
  readonly expiresAt: number;
  /** The header that it came in, when it is not meant for the upstream too. */
  readonly keptFromUpstream?: string;
}
