import type { CalendarUnit, LimitRate } from './limit.ts';

/**
 * What an operator sets for a while, on every replica at once. It takes precedence over the overrides
 * in the file and over the limit itself.
 */
export interface EmergencyOverride {
  readonly id: string;
  readonly limit: string;
  /** A principal; absent: for all. */
  readonly caller?: string;
  readonly change: LimitChange;
  readonly reason: string;
  readonly by: string;
  /** Milliseconds since 1970. */
  readonly postedAtMs: number;
  readonly expiresAtMs: number;
}

export type LimitChange =
  /** `unit`: it counts by the calendar, as its limit must. */
  | { readonly kind: 'rate'; readonly rate: LimitRate; readonly unit?: CalendarUnit }
  /** Counts, and refuses nobody. */
  | { readonly kind: 'shadow' }
  /** Neither counts nor refuses. */
  | { readonly kind: 'off' };

export const maxOverrideMs = 24 * 3_600_000;
export const maxOverrides = 100;
