import type { Clock } from '../domain/clock.ts';

/** Knows how long the event loop has been at work on checks without a pause. */
export interface TurnWatch {
  /** Whether this turn of the event loop has taken so long that what it still holds is late. */
  isOverlong(): boolean;
}

/**
 * A check's deadline counts from when it is read, so checks that came at once and wait behind slow
 * ones would each believe to be in time, until their callers give up: an RPC error, and with
 * `failure_mode_allow` an allow. What comes last in an overlong turn is refused instead.
 */
export function createTurnWatch(clock: Clock, maxTurnMs: number): TurnWatch {
  let startedMs: number | undefined;
  return {
    isOverlong() {
      const nowMs = clock.monotonicMs();
      if (startedMs === undefined) {
        startedMs = nowMs;
        setImmediate(() => {
          startedMs = undefined;
        });
      }
      return nowMs - startedMs > maxTurnMs;
    },
  };
}
