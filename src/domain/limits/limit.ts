import type { Caller } from '../identity/caller.ts';
import type { LimitRequest } from '../decision/policy.ts';
import type { RequestView } from '../request/request.ts';

export type LimitMode = 'enforce' | 'shadow';

/** What to do when the store cannot answer. */
export type OnStoreError = 'allow' | 'deny' | 'local';

/** What a limiter is asked: may this request be taken from every limit that applies to it. */
export interface LimitQuestion {
  readonly request: RequestView;
  readonly caller: Caller | undefined;
  readonly rule: string | undefined;
  /** Limits that the policy named, beside those that match by themselves. */
  readonly named: readonly LimitRequest[];
}

/** One limit's state for one key, after the decision. */
export interface LimitState {
  readonly name: string;
  readonly mode: LimitMode;
  /**
   * `skipped`: not asked. The store could not answer (`degraded`), another limit had refused, or
   * an operator has turned it off (`override`).
   */
  readonly result: 'within' | 'over' | 'skipped';
  /** Units a window, and the window's length in milliseconds: `100/1m` is 100 and 60000. */
  readonly quota: number;
  readonly windowMs: number;
  /** Units that could be taken at once now. */
  readonly remaining: number;
  /** Milliseconds until the bucket is full again. */
  readonly resetMs: number;
  /** Milliseconds until this request would fit; 0 when it did. Infinity: it never will. */
  readonly retryAfterMs: number;
  /** How the decision was made when the store could not answer. */
  readonly degraded?: OnStoreError;
  /** Within, with more than four fifths of the burst used. */
  readonly isNear?: boolean;
  /** The emergency override that held. */
  readonly override?: string;
}

export interface LimitsVerdict {
  /** `over`: an enforced limit refused, and nothing was charged. */
  readonly outcome: 'within' | 'over' | 'unavailable';
  readonly states: readonly LimitState[];
  /** Why it is unavailable; for the decision record, never sent to the caller. */
  readonly detail?: string;
}

/** One entry of `limits.yaml`, checked and with its defaults filled in. */
export interface LimitDefinition extends LimitRate {
  readonly name: string;
  /** Absent: the limit applies only where a rule or a policy names it. */
  readonly match?: LimitMatch;
  /** What is counted separately. Empty: one count for all. */
  readonly by: readonly LimitKeyPart[];
  /**
   * Present: the quota is for one window of the calendar and is there again, whole, with the next.
   * `windowMs` is then the usual length of a window, and the burst is the quota.
   */
  readonly calendar?: CalendarWindow;
  /** Present: each replica takes some of a hot bucket ahead. Not with a calendar. */
  readonly lease?: LimitLease;
  /** Units that one request takes. */
  readonly cost: number;
  readonly mode: LimitMode;
  readonly onError: OnStoreError;
  /** The first whose condition holds replaces the rate. */
  readonly overrides: readonly LimitOverride[];
}

/** At most so many units at a time, to be spent within that time. */
export interface LimitLease {
  readonly tokens: number;
  readonly forMs: number;
}

/** `100/1m` with burst 20: 100 units in 60000 ms, at most 20 of them at once. */
export interface LimitRate {
  readonly quota: number;
  readonly windowMs: number;
  readonly burst: number;
}

export const calendarUnits = ['day', 'week', 'month'] as const;
export type CalendarUnit = (typeof calendarUnits)[number];

/** From midnight to midnight, from Monday to Monday, or from a first to the next, in that place. */
export interface CalendarWindow {
  readonly unit: CalendarUnit;
  /** A name of the IANA database: `Europe/Berlin`. */
  readonly timeZone: string;
}

/** Every part that is present must match; a list matches when one of its values does. */
export interface LimitMatch {
  readonly service?: string;
  readonly methods?: readonly string[];
  readonly paths?: readonly string[];
}

export type LimitKeyPart =
  | { readonly kind: 'caller' | 'service' | 'rule' }
  /** Without a prefix: the address as Envoy wrote it. */
  | { readonly kind: 'source.ip'; readonly prefix?: NetworkPrefix }
  /** Of the caller's token: `sub`, `client_id`. */
  | { readonly kind: 'header' | 'contextExtension' | 'token'; readonly name: string };

/** How many bits of an address tell callers apart. */
export interface NetworkPrefix {
  readonly v4Bits: number;
  readonly v6Bits: number;
}

export interface LimitOverride extends LimitRate {
  /** The principal that it is for. */
  readonly caller: string;
}

/** In which header fields a caller is told of its limits. */
export const rateLimitDialects = ['draft-10', 'x-ratelimit', 'none'] as const;
export type RateLimitDialect = (typeof rateLimitDialects)[number];
