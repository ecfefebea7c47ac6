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

/** What a check needs to know of its gRPC call. */
export interface ArrivingCall {
  /** Epoch milliseconds; Infinity when the caller names no timeout. */
  getDeadline(): Deadline;
  readonly cancelled: boolean;
}

/**
 * A check as it comes in. It asks the call whether it was cancelled, and is not told by a listener:
 * the transport keeps its calls for a while, and would so keep every check.
 */
export function arrivalOf(call: ArrivingCall, clock: Clock, times: CheckTimes): Check {
  return new ArrivedCheck(call, clock, times);
}

/** A class, because an object that is written down with a getter is slow ever after. */
class ArrivedCheck implements Check {
  readonly id = randomUUID();
  readonly receivedAtMs: number;
  readonly startedMs: number;
  readonly deadlineMs: number;
  attributes: Check['attributes'] = undefined;
  request: Check['request'] = undefined;
  caller: Check['caller'] = undefined;
  verdict: Check['verdict'] = undefined;
  limits: Check['limits'] = undefined;
  readonly stageMs: Check['stageMs'] = {};
  readonly #call: ArrivingCall;

  constructor(call: ArrivingCall, clock: Clock, times: CheckTimes) {
    this.#call = call;
    this.receivedAtMs = clock.nowMs();
    this.startedMs = clock.monotonicMs();
    const callerTimeoutMs = Number(call.getDeadline()) - this.receivedAtMs;
    this.deadlineMs = this.startedMs + budgetMs(callerTimeoutMs, times);
  }

  get cancelled(): boolean {
    return this.#call.cancelled;
  }
}

function budgetMs(callerTimeoutMs: number, times: CheckTimes): number {
  return callerTimeoutMs > longestChosenTimeoutMs
    ? times.checkTimeoutMs
    : callerTimeoutMs - times.deadlineMarginMs;
}
