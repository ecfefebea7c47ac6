import type { TokenIssuerSettings } from './token-settings.ts';

/** Where a peer's principal may come from: Envoy's own word, or the header that proxies write. */
export const peerSources = ['peer', 'xfcc'] as const;
export type PeerSource = (typeof peerSources)[number];

/** Who must be known before the policy is asked; with `none`, the policy decides. */
export const callerRequirements = ['peer', 'token', 'either', 'none'] as const;
export type CallerRequirement = (typeof callerRequirements)[number];

/** How callers are known. */
export interface IdentitySettings {
  readonly trustDomains: readonly string[];
  /** Their principals are known too, and marked. */
  readonly federatedTrustDomains: readonly string[];
  /** The first that says anything decides, also when what it says is no good. */
  readonly sources: readonly PeerSource[];
  readonly require: CallerRequirement;
  /** No two with the same header and issuer. */
  readonly jwt: readonly TokenIssuerSettings[];
  /** Signatures of tokens that are new here; with more, checks are denied. */
  readonly maxVerificationsPerSecond: number;
}
