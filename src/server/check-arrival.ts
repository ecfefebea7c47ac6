import { randomUUID } from 'node:crypto';
import type { Deadline } from '@grpc/grpc-js';
import type { Check } from '../check/check.ts';
import type { Clock } from '../domain/clock.ts';

export interface CheckTimes {
  /** The time for a check whose caller names no timeout. */
  readonly checkTimeoutMs: number;
  /** What is kept of the caller's timeout for the answer's way back. */
  readonly deadlineMarginMs: number;
}

/**
 * A longer timeout was not chosen for a check, and waiting it out would help nobody: Istio's
 * default is 600 s.
 */
const longestChosenTimeoutMs = 10_000;

/** A check as it comes in. `callerDeadline` is epoch milliseconds; Infinity when there is none. */
export function arrivalOf(callerDeadline: Deadline, clock: Clock, times: CheckTimes): Check {
  const receivedAtMs = clock.nowMs();
  const startedMs = clock.monotonicMs();
  return {
    id: randomUUID(),
    receivedAtMs,
    startedMs,
    deadlineMs: startedMs + budgetMs(Number(callerDeadline) - receivedAtMs, times),
    cancelled: false,
    attributes: undefined,
    request: undefined,
    caller: undefined,
    verdict: undefined,
    limits: undefined,
    stageMs: {},
  };
}

function budgetMs(callerTimeoutMs: number, times: CheckTimes): number {
  return callerTimeoutMs > longestChosenTimeoutMs
    ? times.checkTimeoutMs
    : callerTimeoutMs - times.deadlineMarginMs;
}
