import {
  callerRequirements,
  type IdentitySettings,
  peerSources,
} from '../../domain/identity/identity-settings.ts';
import type { TokenIssuerSettings } from '../../domain/identity/token-settings.ts';
import { type Conflict, conflictIf, defaulted, list, mapped, section } from '../schema/schema.ts';
import { tokenIssuers } from './token-issuer-schema.ts';
import { integer, oneOf, trustDomain } from '../schema/values.ts';

/** How callers are known. */
export const identity = section<IdentitySettings>(
  {
    trustDomains: defaulted(
      'trustDomains',
      list(trustDomain, 'trust domains'),
      '',
      'Peers of others are unauthenticated. Required unless `require` is `none` or `token`.',
    ),
    federatedTrustDomains: defaulted(
      'federatedTrustDomains',
      list(trustDomain, 'trust domains'),
      '',
      'Their peers are known too, and marked: `input.caller.federated`.',
    ),
    sources: defaulted(
      'sources',
      list(oneOf(peerSources), 'sources'),
      'peer',
      'Where a peer is named: `peer` (by Envoy), `xfcc` (last in x-forwarded-client-cert). The first that names anybody decides.',
    ),
    require: defaulted(
      'require',
      oneOf(callerRequirements),
      'either',
      'Who must be known before the policy is asked; with `none` the policy decides.',
    ),
    jwt: defaulted(
      'jwt',
      mapped(list(tokenIssuers, 'token issuers'), (entries) => entries.flat()),
      '',
      'Whose tokens are believed. One that is shown must be good, whatever `require` says.',
    ),
    maxVerificationsPerSecond: defaulted(
      'maxVerifications',
      integer(1, 100_000),
      '1000',
      'Of tokens that are new here, in one second, shared fairly by peers; more checks with one are denied as `overloaded`.',
    ),
  },
  (value) => [
    ...peerConflicts(value),
    ...value.jwt.flatMap((issuer, index) => issuerConflicts(issuer, index, value)),
  ],
);

function peerConflicts(value: IdentitySettings): readonly Conflict[] {
  const { trustDomains, federatedTrustDomains, sources, require, jwt } = value;
  const needsPeers = require === 'peer' || (require === 'either' && jwt.length === 0);
  const both = trustDomains.find((name) => federatedTrustDomains.includes(name));
  return [
    ...conflictIf(
      trustDomains.length === 0 && needsPeers,
      'trustDomains',
      'names no trust domain, so nobody could be identified; list yours, such as [prod], or set identity.require to none',
    ),
    ...conflictIf(sources.length === 0, 'sources', 'is empty; write [peer] or remove it'),
    ...conflictIf(
      new Set(sources).size < sources.length,
      'sources',
      'names a source twice; remove one',
    ),
    ...conflictIf(
      both !== undefined,
      'federatedTrustDomains',
      `names ${both}, which is in trustDomains; keep one of them`,
    ),
    ...conflictIf(
      require === 'token' && !jwt.some(({ kind }) => kind === 'service'),
      'require',
      'is token, and identity.jwt names no issuer of kind service',
    ),
  ];
}

function issuerConflicts(
  issuer: TokenIssuerSettings,
  index: number,
  { jwt, trustDomains, federatedTrustDomains }: IdentitySettings,
): readonly Conflict[] {
  const earlier = jwt.slice(0, index);
  const stranger = issuer.trustDomains.find(
    (name) => !trustDomains.includes(name) && !federatedTrustDomains.includes(name),
  );
  const named = `names ${issuer.issuer}`;
  return [
    ...conflictIf(
      earlier.some((other) => other.issuer === issuer.issuer && other.header === issuer.header),
      'jwt',
      `${named} twice for the header ${issuer.header}; keep one of them`,
    ),
    ...conflictIf(
      stranger !== undefined,
      'jwt',
      `${named} for trust domain ${stranger}, which is not in trustDomains or federatedTrustDomains`,
    ),
    ...conflictIf(
      earlier.some((other) => mayNameTheSame(other, issuer)),
      'jwt',
      `${named} and another issuer, whose callers could have the same principals; give each its own principalPrefix`,
    ),
  ];
}

/** SPIFFE IDs have no prefix, and nobody may speak for those of all trust domains. */
function mayNameTheSame(one: TokenIssuerSettings, other: TokenIssuerSettings): boolean {
  if (one.kind === 'user' || other.kind === 'user' || one.issuer === other.issuer) return false;
  if (isForWorkloads(one) || isForWorkloads(other)) return false;
  const [first, second] = [one.principalPrefix, other.principalPrefix];
  return first.startsWith(second) || second.startsWith(first);
}

function isForWorkloads({ trustDomains }: TokenIssuerSettings): boolean {
  return trustDomains.length > 0;
}
