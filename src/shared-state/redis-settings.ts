/** What a connection to Redis needs; the secrets themselves, not the files that hold them. */
export interface RedisSettings {
  readonly servers: RedisServers;
  readonly credentials?: RedisCredentials;
  /** Absent: TLS only where the URL says `rediss`. Present: also to sentinels. */
  readonly tls?: RedisTls;
  /** RESP 2 for proxies that do not know 3. */
  readonly protocol: 2 | 3;
  readonly connectTimeoutMs: number;
  /** Far below the time for a check, so that what a limit says for a fault can still be done. */
  readonly commandTimeoutMs: number;
}

export type RedisServers =
  /** `redis://[user[:password]@]host:port[/db]`, `rediss://…` or `unix:/path`. A secret. */
  | { readonly kind: 'standalone'; readonly url: string }
  | {
      readonly kind: 'sentinel';
      readonly addresses: readonly RedisAddress[];
      readonly master: string;
      /** Of the sentinels themselves. */
      readonly credentials?: RedisCredentials;
    }
  /** Any of its nodes; the others are learned from them. */
  | { readonly kind: 'cluster'; readonly addresses: readonly RedisAddress[] };

export interface RedisAddress {
  readonly host: string;
  readonly port: number;
}

/** Of an ACL user; without a name, of the default user. */
export interface RedisCredentials {
  readonly username?: string | undefined;
  readonly password?: string | undefined;
}

/** PEM. Without a CA, the system's. */
export interface RedisTls {
  readonly ca?: string | undefined;
  readonly certificate?: string | undefined;
  readonly privateKey?: string | undefined;
  /** The name in the server's certificate, where it is not the host that is connected to. */
  readonly serverName?: string | undefined;
}
