import {
  type KeySetSettings,
  tokenAlgorithms,
  type TokenIssuerSettings,
  tokenKinds,
} from '../../domain/token-settings.ts';
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
import { duration, filePath, flag, httpUrl, oneOf, text, trustDomain } from '../schema/values.ts';

interface WrittenKeySet {
  readonly url?: string;
  readonly file?: string;
  readonly ca?: string;
  readonly refreshMs: number;
  readonly minIntervalMs: number;
  readonly keepMs: number;
}

type WrittenIssuer = Omit<TokenIssuerSettings, 'maxLifetimeMs'> & {
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

const keySet: Schema<KeySetSettings> = mapped(writtenKeySet, ({ url, file, ca, ...times }) =>
  url === undefined
    ? { kind: 'file', path: file ?? '' }
    : { kind: 'server', url, ...(ca !== undefined && { ca }), ...times },
);

function keySetConflicts(written: WrittenKeySet): readonly Conflict[] {
  const { url, file, ca, refreshMs, minIntervalMs } = written;
  return [
    ...conflictIf(
      (url === undefined) === (file === undefined),
      'url',
      'or file must be given, and not both',
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
    issuer: required('issuer', text('text', 'text', /^\S{1,1024}$/), 'Who signs, as in `iss`.'),
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
    types: defaulted(
      'types',
      mapped(words('types'), (types) => types.map(typeName)),
      'none,JWT,JOSE,at+jwt',
      'What may stand in `typ`; `none`: it may be left out.',
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
  ({ kind, bindTo }) =>
    conflictIf(kind === 'user' && bindTo !== undefined, 'bindTo', 'is for kind: service'),
);

function typeName(written: string): string {
  return written === 'none' ? '' : written.toLowerCase().replace(/^application\//, '');
}

/** An entry of `identity.jwt`. */
export const tokenIssuer: Schema<TokenIssuerSettings> = mapped(writtenIssuer, (issuer) => ({
  maxLifetimeMs: defaultLifetimeMs[issuer.kind],
  ...issuer,
}));
