/** How one bundle is obtained and judged. */
export interface BundleSettings {
  readonly name: string;
  readonly source: BundleSourceSettings;
  /** The largest archive, and the most that it may unpack to. */
  readonly maxBytes: number;
  /** Absent: a bundle that is signed is refused, for nothing could verify it. */
  readonly signing?: SigningSettings;
  /** The absolute path of a folder where the bundle is kept, to start from it without a server. */
  readonly persistDirectory?: string;
}

export type BundleSourceSettings = LocalSourceSettings | HttpSourceSettings;

/** A .tar.gz, or a folder that holds what one would. */
export interface LocalSourceSettings {
  readonly kind: 'local';
  /** Absolute. */
  readonly path: string;
}

export interface HttpSourceSettings extends HttpServerSettings {
  readonly kind: 'http';
  readonly polling: PollingSettings;
}

/** What is asked of a server, and how Sallyport shows who it is. */
export interface HttpServerSettings {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly credentials?: BearerCredentials | OAuth2Credentials;
  readonly tls: ClientTlsSettings;
  /** How long the server may take to begin its answer, beyond the time of a long poll. */
  readonly responseTimeoutMs: number;
  /** How long a whole download may take from there. */
  readonly downloadTimeoutMs: number;
}

export interface PollingSettings {
  /** Between them, at random, is the time from one good answer to the next request. */
  readonly minDelayMs: number;
  readonly maxDelayMs: number;
  /** How long the server is asked to wait for news; absent: it is not. */
  readonly longPollMs?: number;
}

export interface BearerCredentials {
  readonly kind: 'bearer';
  /** A secret, or the absolute path of a file that holds one and is read for each request. */
  readonly token: { readonly text: string } | { readonly file: string };
  /** Before the token: `Bearer`. */
  readonly scheme: string;
}

/** RFC 6749 §4.4. */
export interface OAuth2Credentials {
  readonly kind: 'oauth2';
  readonly tokenUrl: string;
  readonly clientId: string;
  /** A secret. */
  readonly clientSecret: string;
  readonly scopes: readonly string[];
}

/** Absolute paths of PEM files, read for each connection. */
export interface ClientTlsSettings {
  readonly certificate?: string;
  readonly privateKey?: string;
  /** Absent: the authorities that Node knows. */
  readonly ca?: string;
}

export const signatureAlgorithms = [
  'ES256',
  'ES384',
  'ES512',
  'HS256',
  'HS384',
  'HS512',
  'PS256',
  'PS384',
  'PS512',
  'RS256',
  'RS384',
  'RS512',
] as const;
export type SignatureAlgorithm = (typeof signatureAlgorithms)[number];

export interface SigningSettings {
  /** `whenPresent`: a signature is verified, and a bundle may have none (OPA: keys, no `signing`). */
  readonly require: 'always' | 'whenPresent';
  readonly keys: ReadonlyMap<string, VerificationKey>;
  /** Absent: the one that the signature names. */
  readonly keyId?: string;
  /** What the signature must say it is for; absent: what the key says. */
  readonly scope?: string;
  /** Patterns of files that are not signed, as Go's path.Match reads them. */
  readonly excludeFiles: readonly string[];
  /** Deltas carry no signature. */
  readonly allowUnsignedDeltas: boolean;
}

export interface VerificationKey {
  /** The only algorithm that it may be used with, whatever the signature says. */
  readonly algorithm: SignatureAlgorithm;
  /** PEM, or the secret of an HMAC. */
  readonly key: string;
  readonly scope?: string;
}
