import {
  type KeyFileSettings,
  type KeyServerSettings,
  tokenAlgorithms,
  type TokenIssuerSettings,
  tokenKinds,
  type TrustBundleSettings,
} from '../../domain/identity/token-settings.ts';
import {
  conflictIf,
  type Conflict,
  defaulted,
  filled,
  list,
  mapped,
  optional,
  required,
  type Schema,
  section,
} from '../schema/schema.ts';
import {
  duration,
  filePath,
  flag,
  httpUrl,
  oneOf,
  text,
  trustDomain,
  unixSocket,
} from '../schema/values.ts';

interface WrittenKeySet {
  readonly url?: string;
  readonly file?: string;
  readonly workloadApi?: string;
  readonly ca?: string;
  readonly refreshMs: number;
  readonly minIntervalMs: number;
  readonly keepMs: number;
}

/** Whose trust domains are those of the issuer. */
type TrustBundlesSettings = Omit<TrustBundleSettings, 'trustDomain'>;
type KeysSettings = KeyFileSettings | KeyServerSettings | TrustBundlesSettings;

type WrittenIssuer = Omit<TokenIssuerSettings, 'issuer' | 'keys' | 'types' | 'maxLifetimeMs'> & {
  readonly issuer?: string;
  readonly keys: KeysSettings;
  readonly types?: readonly string[];
  readonly maxLifetimeMs?: number;
};

const claimName = text('claim', 'the name of a claim such as sub or jti', /^[!-~]{1,64}$/);
const words = (plural: string) => list(text('text', 'text without spaces', /^\S{1,1024}$/), plural);

const writtenKeySet = section<WrittenKeySet>(
  {
    url: optional(
      'url',
      httpUrl,
      'Where the issuer serves its JWK set; https, or on this machine.',
    ),
    file: optional('file', filePath, 'Instead: a JWK set on disk. Watched.'),
    workloadApi: optional(
      'workloadApi',
      unixSocket,
      'Instead: a SPIFFE Workload API (SPIRE) gives and rotates the keys of `trustDomains`.',
    ),
    ca: optional('ca', filePath, 'The authorities (PEM) of the server; default: the system’s.'),
    refreshMs: defaulted(
      'refresh',
      duration('1s', '24h'),
      '5m',
      'How often the server is asked. Also when a token names a new key.',
    ),
    minIntervalMs: defaulted(
      'minInterval',
      duration('100ms', '1h'),
      '10s',
      'But never sooner than this after it was asked last: then, if a token named a new key.',
    ),
    keepMs: defaulted(
      'keep',
      duration('1s', '168h'),
      '1h',
      'How long its keys hold while it does not answer; then its tokens are denied.',
    ),
  },
  keySetConflicts,
);

const keySet: Schema<KeysSettings> = mapped(
  writtenKeySet,
  ({ url, file, workloadApi, ca, ...times }) => {
    if (url !== undefined)
      return { kind: 'server', url, ...(ca !== undefined && { ca }), ...times };
    return workloadApi === undefined
      ? { kind: 'file', path: file ?? '' }
      : { kind: 'trustBundle', socketPath: workloadApi, keepMs: times.keepMs };
  },
);

function keySetConflicts(written: WrittenKeySet): readonly Conflict[] {
  const { url, file, workloadApi, ca, refreshMs, minIntervalMs } = written;
  const sources = [url, file, workloadApi].filter((source) => source !== undefined);
  return [
    ...conflictIf(
      sources.length !== 1,
      'url',
      'or file or workloadApi must be given, and one of them only',
    ),
    ...conflictIf(
      url !== undefined && !isPrivate(url),
      'url',
      'must be https: whoever can change the answer on its way could sign tokens',
    ),
    ...conflictIf(ca !== undefined && url?.startsWith('https:') !== true, 'ca', 'is for https'),
    ...conflictIf(minIntervalMs > refreshMs, 'minInterval', 'must not be longer than refresh'),
  ];
}

/** What does not leave this machine needs no TLS. */
function isPrivate(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === 'https:' || /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname);
}

const defaultLifetimeMs: Readonly<Record<TokenIssuerSettings['kind'], number>> = {
  service: 5 * 60_000,
  user: 60 * 60_000,
};

const writtenIssuer = section<WrittenIssuer>(
  {
    issuer: optional(
      'issuer',
      text('text', 'text', /^\S{1,1024}$/),
      'Who signs, as in `iss`. Required unless `jwks.workloadApi` is there.',
    ),
    kind: defaulted(
      'kind',
      oneOf(tokenKinds),
      'service',
      '`user`: of the person on whose behalf the caller calls.',
    ),
    keys: required('jwks', keySet, 'The issuer’s public keys.'),
    audiences: required(
      'audiences',
      filled(words('audiences'), 'is empty; name what tokens for you have in aud'),
      'A token must be for one of them.',
    ),
    algorithms: required(
      'algorithms',
      filled(list(oneOf(tokenAlgorithms), 'algorithms'), 'is empty; name one, such as ES256'),
      'The only ones that the issuer signs with.',
    ),
    types: optional(
      'types',
      mapped(words('types'), (types) => types.map(typeName)),
      'What may stand in `typ`; default: `[none, JWT, JOSE, at+jwt]`, and with `jwks.workloadApi` the first three. `none`: it may be left out.',
    ),
    maxLifetimeMs: optional(
      'maxLifetime',
      duration('1s', '24h'),
      'From `iat` to `exp`; default: 5m, and 1h for users.',
    ),
    clockSkewMs: defaulted(
      'clockSkew',
      duration('0ms', '5m'),
      '30s',
      'How far the issuer’s clock may be from ours.',
    ),
    scopes: defaulted('scopes', words('scopes'), '', 'All of them must be in the token.'),
    header: defaulted(
      'header',
      mapped(text('header', 'the name of a header', /^[!#$%&'*+.^_`|~\w-]{1,128}$/), (name) =>
        name.toLowerCase(),
      ),
      'authorization',
      'Where it comes: as `Bearer`, or alone in another header.',
    ),
    forward: defaulted('forward', flag, 'true', 'Whether the upstream gets the token too.'),
    principalClaim: defaulted(
      'principalClaim',
      claimName,
      'sub',
      'Names the caller, where the peer does not.',
    ),
    principalPrefix: defaulted(
      'principalPrefix',
      text('text', 'text such as ci:, without spaces', /^[!-~]{0,128}$/),
      '',
      'Before that name. Keeps the callers of several issuers apart.',
    ),
    trustDomains: defaulted(
      'trustDomains',
      list(trustDomain, 'trust domains'),
      '',
      'Those whose SPIFFE IDs it may speak for, as an issuer of JWT-SVIDs.',
    ),
    bindTo: optional(
      'bindTo',
      oneOf(['peer']),
      '`peer`: only the peer that is its `sub`, or has the certificate in its `cnf`, may show it.',
    ),
    replay: optional(
      'replay',
      section<{ claim: string }>({
        claim: defaulted('claim', claimName, 'jti', 'What tells tokens apart.'),
      }),
      'A token is good for one check only.',
    ),
  },
  issuerConflicts,
);

function issuerConflicts(written: WrittenIssuer): readonly Conflict[] {
  const { issuer, kind, keys, principalClaim, trustDomains, bindTo } = written;
  const ofBundles = keys.kind === 'trustBundle';
  return [
    ...conflictIf(issuer === undefined && !ofBundles, 'issuer', 'is missing'),
    ...conflictIf(
      issuer !== undefined && ofBundles,
      'issuer',
      'has no say with jwks.workloadApi, where the trust domain of sub names the keys; remove it',
    ),
    ...conflictIf(
      ofBundles && trustDomains.length === 0,
      'trustDomains',
      'is missing; name those whose JWT-SVIDs are believed',
    ),
    ...conflictIf(
      ofBundles && principalClaim !== 'sub',
      'principalClaim',
      'is sub with jwks.workloadApi; remove it',
    ),
    ...conflictIf(kind === 'user' && bindTo !== undefined, 'bindTo', 'is for kind: service'),
  ];
}

function typeName(written: string): string {
  return written === 'none' ? '' : written.toLowerCase().replace(/^application\//, '');
}

/** JWT-SVID §2.3 has no others. */
const svidTypes = ['', 'jwt', 'jose'];

/** An entry of `identity.jwt`: with the bundles of several trust domains, an issuer for each. */
export const tokenIssuers: Schema<readonly TokenIssuerSettings[]> = mapped(
  writtenIssuer,
  ({ issuer = '', keys, trustDomains, ...written }) => {
    const maxLifetimeMs = defaultLifetimeMs[written.kind];
    if (keys.kind !== 'trustBundle') {
      const types = [...svidTypes, 'at+jwt'];
      return [{ maxLifetimeMs, types, ...written, issuer, keys, trustDomains }];
    }
    return trustDomains.map((name) => ({
      maxLifetimeMs,
      types: svidTypes,
      ...written,
      issuer: `spiffe://${name}`,
      keys: { ...keys, trustDomain: name },
      trustDomains: [name],
    }));
  },
);
