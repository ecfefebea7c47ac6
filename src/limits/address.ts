import type { Caller } from '../domain/identity/caller.ts';
import { emptyMap } from '../domain/empty-map.ts';
import type { LimitQuestion } from '../domain/limits/limit.ts';
import type { BucketAddress } from '../domain/limits/limit-bucket.ts';
import { headerOf } from '../domain/request/request.ts';
import { claimText, tokenPrefix } from './keys.ts';

/** A question that a request with these parts would put; of all that limits do not count by, nothing. */
export function questionFor({ counted }: BucketAddress): LimitQuestion {
  const valueOf = (name: string): string | undefined => counted.get(name) ?? undefined;
  const caller = valueOf('caller');
  return {
    request: {
      kind: 'network',
      method: '',
      path: '',
      query: '',
      segments: [],
      host: '',
      service: valueOf('service') ?? '',
      headers: named(counted, 'header:'),
      body: { state: 'absent', bytes: new Uint8Array(0) },
      sourceAddress: valueOf('source.ip') ?? '',
      attributes: { contextExtensions: named(counted, 'contextExtension:') },
    },
    caller: callerFor(caller, counted),
    rule: valueOf('rule'),
    named: [],
  };
}

/** A token is never without a caller; a limit that does not count the caller does not ask whom. */
function callerFor(
  principal: string | undefined,
  counted: BucketAddress['counted'],
): Caller | undefined {
  const claims = Object.entries(named(counted, tokenPrefix));
  const issuer = claims[0]?.[1].split(' ', 1)[0];
  if (issuer === undefined)
    return principal === undefined ? undefined : { principal, source: 'peer' };
  const values = claims.map(([name, value]) => [name, value.slice(issuer.length + 1)] as const);
  return {
    principal: principal ?? '',
    source: 'jwt',
    token: {
      issuer,
      subject: '',
      audience: [],
      scopes: [],
      claims: Object.fromEntries(values),
      expiresAt: 0,
    },
  };
}

function named(counted: BucketAddress['counted'], prefix: string): Record<string, string> {
  const values: Record<string, string> = emptyMap();
  for (const [name, value] of counted) {
    if (name.startsWith(prefix) && value !== null) values[name.slice(prefix.length)] = value;
  }
  return values;
}

/** The parts of a request that a limit is counted by, as an address would say them. */
export function addressIn(
  by: readonly string[],
  question: LimitQuestion,
): Record<string, string | null> {
  return Object.fromEntries(by.map((name) => [name, partIn(name, question) ?? null]));
}

function partIn(name: string, { request, caller, rule }: LimitQuestion): string | undefined {
  if (name.startsWith(tokenPrefix)) {
    return claimText(caller?.token, name.slice(tokenPrefix.length));
  }
  const [kind = '', ...rest] = name.split(':');
  switch (kind) {
    case 'caller':
      return caller?.principal;
    case 'service':
      return request.service;
    case 'rule':
      return rule;
    case 'source.ip':
      return request.sourceAddress;
    case 'header':
      return headerOf(request, rest.join(':'));
    default:
      return request.attributes.contextExtensions?.[rest.join(':')];
  }
}
