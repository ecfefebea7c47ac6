import type { HeaderField } from '../domain/decision/decision.ts';
import type { LimitState, RateLimitDialect } from '../domain/limits/limit.ts';

/**
 * What a caller may know of the limits that bind it, in the words of a dialect: not of those in
 * shadow mode, nor of those that were not asked.
 */
export function rateLimitFields(
  states: readonly LimitState[],
  dialect: RateLimitDialect,
): HeaderField[] {
  const told = states.filter((state) => state.mode === 'enforce' && state.result !== 'skipped');
  return told.length === 0 ? [] : dialects[dialect](told);
}

const dialects: Readonly<Record<RateLimitDialect, (told: readonly LimitState[]) => HeaderField[]>> =
  {
    /** draft-ietf-httpapi-ratelimit-headers-10. */
    'draft-10': (told) => [
      { name: 'ratelimit', value: told.map(stateItem).join(', ') },
      { name: 'ratelimit-policy', value: told.map(policyItem).join(', ') },
    ],
    'x-ratelimit': (told) => {
      const { quota, remaining, ...times } = told.reduce(closer);
      return [
        { name: 'x-ratelimit-limit', value: String(integer(quota)) },
        { name: 'x-ratelimit-remaining', value: String(integer(remaining)) },
        { name: 'x-ratelimit-reset', value: String(integer(moreAfterSeconds(times))) },
      ];
    },
    none: () => [],
  };

/** Three fields can tell of one limit: of that which refused for longest, or has the least left. */
function closer(one: LimitState, other: LimitState): LimitState {
  if (one.retryAfterMs !== other.retryAfterMs) {
    return one.retryAfterMs > other.retryAfterMs ? one : other;
  }
  return other.remaining < one.remaining ? other : one;
}

/** Until every limit that refused would admit; no field when one of them never will. */
export function retryAfterFields(states: readonly LimitState[]): HeaderField[] {
  let waitMs = 0;
  for (const { mode, result, retryAfterMs } of states) {
    if (mode === 'enforce' && result === 'over') waitMs = Math.max(waitMs, retryAfterMs);
  }
  if (!Number.isFinite(waitMs)) return [];
  return [{ name: 'retry-after', value: String(Math.max(1, seconds(waitMs))) }];
}

function stateItem({ name, remaining, ...times }: LimitState): string {
  return `${quoted(name)};r=${integer(remaining)};t=${integer(moreAfterSeconds(times))}`;
}

/** Never later than `retry-after`, which a client is to heed first. */
function moreAfterSeconds({
  retryAfterMs,
  resetMs,
}: Pick<LimitState, 'retryAfterMs' | 'resetMs'>): number {
  return seconds(retryAfterMs > 0 && Number.isFinite(retryAfterMs) ? retryAfterMs : resetMs);
}

function policyItem({ name, quota, windowMs }: LimitState): string {
  return `${quoted(name)};q=${integer(quota)};w=${Math.max(1, integer(seconds(windowMs)))}`;
}

/** Rounded up: who comes back after this many seconds does not come too early. */
function seconds(milliseconds: number): number {
  return Math.ceil(milliseconds / 1000);
}

/** RFC 9651 §3.3.1: at most 15 digits; neither field has a use for a sign. */
function integer(value: number): number {
  return Math.min(Math.max(0, Math.floor(value)), 999_999_999_999_999);
}

const plainName = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;

/** RFC 9651 §3.3.3: a String is printable ASCII, and escapes the quote and the backslash. */
function quoted(name: string): string {
  if (plainName.test(name)) return `"${name}"`;
  return `"${name.replaceAll(/[^\x20-\x7e]/g, '_').replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}
