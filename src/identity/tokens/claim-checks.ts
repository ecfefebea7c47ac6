import { Denial } from '../../domain/decision/decision.ts';
import { isJsonArray, type JsonObject, type JsonValue } from '../../domain/json.ts';
import type { TokenIssuerSettings } from '../../domain/identity/token-settings.ts';
import type { VerifiedToken } from '../../domain/identity/caller.ts';
import type { DecodedToken } from './decode-token.ts';

/** What a token says that will be the caller's if its signature is good, and when, since 1970. */
export interface CheckedClaims {
  readonly token: VerifiedToken;
  readonly goodFromMs: number;
  readonly goodUntilMs: number;
}

/**
 * Everything that can be judged without the signature, cheapest first: a forged token must not cost
 * a verification. `nowMs` is since 1970.
 */
export function checkClaims(
  { header, claims }: DecodedToken,
  settings: TokenIssuerSettings,
  nowMs: number,
): CheckedClaims | Denial {
  const fault = headerFault(header, settings) ?? audienceFault(claims, settings);
  if (fault !== undefined) return invalid(fault);
  const times = timesIn(claims, settings);
  if (times instanceof Denial) return times;
  const untimely = untimeliness(times, nowMs);
  if (untimely !== undefined) return untimely;
  const { expiresAt, goodFromMs, goodUntilMs } = times;
  const { sub } = claims;
  if (typeof sub !== 'string' || sub === '') return invalid('the token has no sub');
  const scopes = scopesIn(claims);
  const missing = settings.scopes.find((scope) => !scopes.includes(scope));
  if (missing !== undefined) return invalid(`the token has no scope ${missing}`);
  return {
    token: {
      issuer: settings.issuer,
      subject: sub,
      audience: textsIn(claims['aud']),
      scopes,
      claims,
      expiresAt,
      ...(!settings.forward && { keptFromUpstream: settings.header }),
    },
    goodFromMs,
    goodUntilMs,
  };
}

/**
 * Keys come from the issuer's set alone, so what else a header says of them (jku, jwk, x5u, x5c)
 * has no say. `crit` names what must be understood (RFC 7515 §4.1.11), and we understand none.
 */
function headerFault(header: JsonObject, { types }: TokenIssuerSettings): string | undefined {
  if (header['crit'] !== undefined) return 'the token has critical header parameters';
  const { typ } = header;
  if (typ === undefined) {
    return types.includes('') ? undefined : 'the token has no typ';
  }
  // RFC 7515 §4.1.9: of a media type, without regard to case, `application/` may be left out.
  const type = typeof typ === 'string' ? typ.toLowerCase().replace(/^application\//, '') : '';
  return type !== '' && types.includes(type) ? undefined : `the token has another typ`;
}

function audienceFault(claims: JsonObject, settings: TokenIssuerSettings): string | undefined {
  const audience = textsIn(claims['aud']);
  const isForUs = settings.audiences.some((name) => audience.includes(name));
  return isForUs ? undefined : 'the token is for another audience';
}

interface Times {
  readonly goodFromMs: number;
  readonly goodUntilMs: number;
}

/** Also of a token that was good: clocks are set, and it may have waited. */
export function untimeliness(
  { goodFromMs, goodUntilMs }: Times,
  nowMs: number,
): Denial | undefined {
  if (nowMs >= goodUntilMs) return new Denial('token_expired', 'the token has expired');
  return nowMs < goodFromMs ? invalid('the token is not valid yet') : undefined;
}

/** `expiresAt` is in seconds since 1970. */
function timesIn(
  claims: JsonObject,
  { maxLifetimeMs, clockSkewMs }: TokenIssuerSettings,
): (Times & { readonly expiresAt: number }) | Denial {
  const { exp, iat, nbf = iat } = claims;
  if (!isTime(exp)) return invalid('the token has no exp');
  if (!isTime(iat)) return invalid('the token has no iat');
  if (!isTime(nbf)) return invalid('the token has an nbf that is no time');
  if ((exp - iat) * 1000 > maxLifetimeMs) {
    return invalid(`the token is good for longer than ${maxLifetimeMs / 1000} s`);
  }
  return {
    expiresAt: exp,
    goodFromMs: Math.max(nbf, iat) * 1000 - clockSkewMs,
    goodUntilMs: exp * 1000 + clockSkewMs,
  };
}

/** RFC 7519 §2, NumericDate: seconds, perhaps with a fraction. */
function isTime(value: JsonValue | undefined): value is number {
  return typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER / 1000;
}

/** `scope` (RFC 8693 §4.2), or the lists that other issuers write. */
function scopesIn(claims: JsonObject): readonly string[] {
  const { scope, scp } = claims;
  if (typeof scope === 'string') return scope.split(' ').filter((name) => name !== '');
  return isJsonArray(scope) ? textsIn(scope) : textsIn(scp).flatMap((names) => names.split(' '));
}

/** A text, or those in a list. */
function textsIn(value: JsonValue | undefined): readonly string[] {
  if (typeof value === 'string') return [value];
  return isJsonArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

function invalid(detail: string): Denial {
  return new Denial('token_invalid', detail);
}
