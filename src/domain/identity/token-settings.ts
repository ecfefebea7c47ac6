/** Public-key algorithms of JWS (RFC 7518, RFC 8037, RFC 9864). No HMAC: who could verify could sign. */
export const tokenAlgorithms = [
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
  'PS256',
  'PS384',
  'PS512',
  'RS256',
  'RS384',
  'RS512',
] as const;
export type TokenAlgorithm = (typeof tokenAlgorithms)[number];

/** Of a workload, or of the person on whose behalf it calls. */
export const tokenKinds = ['service', 'user'] as const;
export type TokenKind = (typeof tokenKinds)[number];

/** Whose tokens are believed, and how far. */
export interface TokenIssuerSettings {
  /** As in `iss`; of JWT-SVIDs whose keys a Workload API gives, `spiffe://` and the trust domain. */
  readonly issuer: string;
  readonly kind: TokenKind;
  readonly keys: KeySetSettings;
  /** A token must be for one of them. */
  readonly audiences: readonly string[];
  readonly algorithms: readonly TokenAlgorithm[];
  /** In lower case. */
  readonly types: readonly string[];
  /** From `iat` to `exp`. */
  readonly maxLifetimeMs: number;
  readonly clockSkewMs: number;
  /** All of them. */
  readonly scopes: readonly string[];
  /** Lower-case. */
  readonly header: string;
  /** False: the header is removed from an allowed request. */
  readonly forward: boolean;
  /** Whose value, behind the prefix, is the caller's principal. */
  readonly principalClaim: string;
  readonly principalPrefix: string;
  /** The trust domains whose SPIFFE IDs it may speak for. */
  readonly trustDomains: readonly string[];
  /** Present: only the peer that the token is of may show it. */
  readonly bindTo?: 'peer';
  /** Present: a token is good once; the claim tells them apart. */
  readonly replay?: { readonly claim: string };
}

export type KeySetSettings = KeyFileSettings | KeyServerSettings | TrustBundleSettings;

export interface KeyFileSettings {
  readonly kind: 'file';
  /** Absolute. */
  readonly path: string;
}

export interface KeyServerSettings {
  readonly kind: 'server';
  readonly url: string;
  /** The absolute path of a PEM file; absent: the system's authorities. */
  readonly ca?: string;
  /** The longest time between requests. */
  readonly refreshMs: number;
  /** The shortest. */
  readonly minIntervalMs: number;
  /** How long keys hold while the server does not answer. */
  readonly keepMs: number;
}

/** The keys of one trust domain, as a SPIFFE Workload API gives them. */
export interface TrustBundleSettings {
  readonly kind: 'trustBundle';
  /** The absolute path of its socket. */
  readonly socketPath: string;
  readonly trustDomain: string;
  /** How long keys hold while the agent is away. */
  readonly keepMs: number;
}
