import type { Caller } from './caller.ts';
import type { LimitRequest } from './policy.ts';
import type { RequestView } from './request.ts';

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
  /** `skipped`: the store could not answer and the limit says `onError: allow`. */
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
}

export interface LimitsVerdict {
  /** `over`: an enforced limit refused, and nothing was charged. */
  readonly outcome: 'within' | 'over' | 'unavailable';
  readonly states: readonly LimitState[];
}
