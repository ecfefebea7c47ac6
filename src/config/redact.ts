import type { BundleSettings, HttpServerSettings } from '../domain/bundle-settings.ts';
import type { TokenIssuerSettings } from '../domain/token-settings.ts';
import type { Config } from './config.ts';

const hidden = '***';

/** The configuration as it may be printed: without the secrets. */
export function redact(config: Config): Config {
  const { redis, policy, identity } = config;
  return {
    ...config,
    identity: { ...identity, jwt: identity.jwt.map(redactIssuer) },
    policy: {
      ...policy,
      bundles: policy.bundles.map(redactBundle),
      ...(policy.status && { status: redactServer(policy.status) }),
    },
    ...(redis?.url !== undefined && { redis: { ...redis, url: withoutPassword(redis.url) } }),
  };
}

function redactIssuer(issuer: TokenIssuerSettings): TokenIssuerSettings {
  const { keys } = issuer;
  if (keys.kind !== 'server') return issuer;
  return { ...issuer, keys: { ...keys, url: withoutPassword(keys.url) } };
}

/** Also without what may be one: headers, and keys, which of an HMAC are secret. */
function redactBundle({ source, signing, ...rest }: BundleSettings): BundleSettings {
  return {
    ...rest,
    source: source.kind === 'http' ? redactServer(source) : source,
    ...(signing && {
      signing: {
        ...signing,
        keys: new Map(Array.from(signing.keys, ([id, key]) => [id, { ...key, key: hidden }])),
      },
    }),
  };
}

function redactServer<T extends HttpServerSettings>(server: T): T {
  const { url, headers, credentials } = server;
  return {
    ...server,
    url: withoutPassword(url),
    headers: Object.fromEntries(Object.keys(headers).map((name) => [name, hidden])),
    ...(credentials && { credentials: redactCredentials(credentials) }),
  };
}

function redactCredentials(
  credentials: NonNullable<HttpServerSettings['credentials']>,
): NonNullable<HttpServerSettings['credentials']> {
  if (credentials.kind === 'oauth2') return { ...credentials, clientSecret: hidden };
  return 'file' in credentials.token ? credentials : { ...credentials, token: { text: hidden } };
}

function withoutPassword(text: string): string {
  const url = URL.parse(text);
  if (url === null) return text.startsWith('unix:') ? text : hidden;
  if (url.password !== '') url.password = hidden;
  // A query may hold anything.
  url.search = '';
  return url.href;
}
