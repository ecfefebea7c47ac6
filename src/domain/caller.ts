import type { SpiffeId } from './spiffe-id.ts';

/** How the caller's identity was established. */
export type CallerSource = 'peer' | 'xfcc' | 'jwt';

/** A verified identity. There is no unverified form of it: no caller is `undefined`. */
export interface Caller {
  /** The normalised name, a SPIFFE ID for mTLS peers. */
  readonly principal: string;
  readonly source: CallerSource;
  readonly spiffe?: SpiffeId;
}
