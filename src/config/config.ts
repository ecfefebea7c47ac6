import type { BundleSettings, HttpServerSettings } from '../domain/bundle-settings.ts';
import type { GrantTerms } from '../domain/access/grant.ts';
import type { IdentitySettings } from '../domain/identity/identity-settings.ts';
import type { RateLimitDialect } from '../domain/limits/limit.ts';
import type { ListenAddress } from '../domain/listen-address.ts';
import type { PathAmbiguity } from '../domain/request/path.ts';

/** The whole configuration: parsed once, checked, frozen. Every default is filled in. */
export interface Config {
  readonly server: ServerConfig;
  readonly admin: AdminConfig;
  readonly identity: IdentitySettings;
  readonly policy: PolicyConfig;
  /** The absolute path of access.yaml; absent: the bundles alone decide. */
  readonly access?: string;
  /** Under which access that is given for a while counts beside the access document. */
  readonly grants: GrantTerms;
  /** The absolute path of limits.yaml; absent: nothing is limited. */
  readonly limits?: string;
  /** Absent: limits are counted in memory, by this process alone. */
  readonly redis?: RedisConfig;
  readonly audit: AuditConfig;
  readonly headers: { readonly prefix: string; readonly rateLimit: RateLimitDialect };
  readonly insecure: InsecureConfig;
}

export interface ServerConfig {
  readonly address: ListenAddress;
  /** Larger checks are denied as bad_request. */
  readonly maxMessageBytes: number;
  /** Per connection; more wait in Envoy. */
  readonly maxConcurrentStreams: number;
  /** In the whole process; more are denied as overloaded. */
  readonly maxChecksInFlight: number;
  /** The time for a check that names no grpc-timeout. */
  readonly checkTimeoutMs: number;
  /** What is kept of a grpc-timeout for the answer's way back. */
  readonly deadlineMarginMs: number;
  readonly keepalive: { readonly intervalMs: number; readonly timeoutMs: number };
  readonly connectionAge: { readonly maxMs: number; readonly graceMs: number };
  readonly drainTimeoutMs: number;
  /** Absent: plaintext. */
  readonly tls?: ServerTlsConfig;
}

/** Three absolute paths of PEM files, or `workloadApi`. */
export interface ServerTlsConfig {
  readonly certificate?: string;
  readonly privateKey?: string;
  readonly clientCa?: string;
  /** The absolute path of the socket of a SPIFFE Workload API. */
  readonly workloadApi?: string;
  /** SPIFFE IDs, exact or with a trailing `/*`; at least one. */
  readonly allowedClients: readonly string[];
}

export interface AdminConfig {
  readonly address: ListenAddress;
  /** An absolute path. Absent: nobody has a token, and what needs one is refused. */
  readonly tokenFile?: string;
}

export interface PolicyConfig {
  /** They decide together; none where an access document alone decides. */
  readonly bundles: readonly BundleSettings[];
  /** The server that is told how the bundles fare; absent: none. */
  readonly status?: HttpServerSettings;
  /** The decision's path, `envoy/authz/allow`. */
  readonly decision: string;
  /** Whether a route may name another, in its context extension `decision`. */
  readonly decisionFrom: 'configuration' | 'contextExtensions';
  /** The absolute path of a FileDescriptorSet, for gRPC bodies. */
  readonly protoDescriptor?: string;
  readonly skipRequestBodyParse: boolean;
  readonly maxBodyBytes: number;
  /** Units that one evaluation may use; one that needs more is denied. */
  readonly maxFuel: number;
  /** Absent: policies ask nothing of other hosts. */
  readonly outside?: OutsideConfig;
}

/** For `http.send` and `net.lookup_ip_addr`. */
export interface OutsideConfig {
  /** `api.example`, `api.example:8443`, `10.0.0.1`, `[::1]:80`. */
  readonly hosts: readonly string[];
  readonly maxTimeoutMs: number;
  readonly maxResponseBytes: number;
  readonly maxCacheBytes: number;
}

/** One of `url`, `sentinels` and `cluster` is there. */
export interface RedisConfig {
  /** `redis://[user[:password]@]host:port[/db]`, `rediss://…` or `unix:/path`. A secret. */
  readonly url?: string;
  readonly sentinels?: RedisSentinelsConfig;
  readonly cluster?: readonly RemoteAddress[];
  readonly username?: string;
  /** An absolute path. */
  readonly passwordFile?: string;
  readonly tls?: RedisTlsConfig;
  readonly protocol: 2 | 3;
  readonly connectTimeoutMs: number;
  readonly commandTimeoutMs: number;
  readonly keyPrefix: string;
  /**
   * How many replicas share the limits: what `onError: local` divides them by. `auto`: as many as
   * Redis has seen of late.
   */
  readonly replicas: number | 'auto';
}

export interface RemoteAddress {
  readonly host: string;
  readonly port: number;
}

export interface RedisSentinelsConfig {
  readonly addresses: readonly RemoteAddress[];
  readonly master: string;
  readonly username?: string;
  /** An absolute path. */
  readonly passwordFile?: string;
}

/** Absolute paths of PEM files. */
export interface RedisTlsConfig {
  readonly ca?: string;
  readonly certificate?: string;
  readonly privateKey?: string;
  readonly serverName?: string;
}

export interface AuditConfig {
  readonly stdout: boolean;
  readonly file?: { readonly path: string; readonly maxBytes: number; readonly keep: number };
  /** In each record's `labels`, beside `id` and `version`. */
  readonly labels: ReadonlyMap<string, string>;
  /** JSON pointers into the record that are removed before it leaves the process. */
  readonly mask: readonly string[];
}

/** Everything here weakens the defaults: warned of at start, counted in a metric. */
export interface InsecureConfig {
  readonly ambiguousPaths: readonly PathAmbiguity[];
}
