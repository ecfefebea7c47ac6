import type { HeaderField } from '../domain/decision.ts';
import type { LimitState } from '../domain/limit.ts';

/**
 * The RateLimit fields (draft-ietf-httpapi-ratelimit-headers-10): what a caller may know of the
 * limits that bind it. Not those in shadow mode, nor those that could not be counted.
 */
export function rateLimitFields(states: readonly LimitState[]): HeaderField[] {
  const told = states.filter((state) => state.mode === 'enforce' && state.result !== 'skipped');
  if (told.length === 0) return [];
  return [
    { name: 'ratelimit', value: told.map(stateItem).join(', ') },
    { name: 'ratelimit-policy', value: told.map(policyItem).join(', ') },
  ];
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

function stateItem({ name, remaining, resetMs }: LimitState): string {
  return `${quoted(name)};r=${integer(remaining)};t=${integer(seconds(resetMs))}`;
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
