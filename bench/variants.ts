import { fileURLToPath } from 'node:url';
import { encodeCheckRequest } from './check-request.ts';
import { envoyId, type Identities } from './identities.ts';

/** What each variant changes in the configuration of the full check, to show what a part costs. */
const variants = {
  'no-limits': { limits: undefined, redis: undefined },
  'memory-limits': { redis: undefined },
  'no-record': { audit: { stdout: false } },
  'policy-only': { limits: undefined, redis: undefined, audit: { stdout: false } },
  // Otherwise than by a part that is left out: see `startSallyport` and `checkOf`.
  tls: {},
  'peer-certificate': {},
} as const;

export type VariantName = keyof typeof variants;
export const variantNames = Object.keys(variants) as readonly VariantName[];

export interface SallyportPlaces {
  /** Where this instance may write: its configuration, its records. */
  readonly folder: string;
  readonly address: string;
  readonly adminAddress: string;
  readonly redisSocket: string;
  /** With them, it speaks mutual TLS. */
  readonly identities?: Identities;
}

/** The check that a variant is asked; undefined: the one that all are. */
export function checkOf(
  variant: VariantName | undefined,
  identities: () => Identities,
): Buffer | undefined {
  return variant === 'peer-certificate'
    ? encodeCheckRequest({}, encodeURIComponent(identities().caller.certificate))
    : undefined;
}

/** The configuration of the full check, or of a variant of it; JSON, and so YAML. */
export function sallyportConfiguration(
  places: SallyportPlaces,
  variant: VariantName | undefined,
): Record<string, unknown> {
  const full = fullConfiguration(places);
  return variant === undefined ? full : { ...full, ...variants[variant] };
}

function fullConfiguration(places: SallyportPlaces): Record<string, unknown> {
  return {
    // A machine that stalls for a moment must not turn an allow into deadline_exceeded.
    server: {
      address: places.address,
      checkTimeout: '5s',
      ...(places.identities && { tls: tlsOf(places.identities) }),
    },
    admin: { address: places.adminAddress },
    identity: { trustDomains: ['shop.example'] },
    policy: {
      bundle: fileURLToPath(new URL('../bundles/example.tar.gz', import.meta.url)),
      decision: 'envoy/authz/allow',
    },
    limits: fileURLToPath(new URL('limits.yaml', import.meta.url)),
    redis: { url: `unix:${places.redisSocket}`, commandTimeout: '2s' },
    audit: {
      stdout: false,
      file: { path: `${places.folder}/decisions.jsonl`, maxSize: '64MiB', keep: 1 },
    },
  };
}

function tlsOf({ authority, sallyport }: Identities): Record<string, unknown> {
  return {
    certificate: sallyport.certificateFile,
    privateKey: sallyport.privateKeyFile,
    clientCa: authority.certificateFile,
    allowedClients: [envoyId],
  };
}
