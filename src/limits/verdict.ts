import type { LimitState, LimitsVerdict } from '../domain/limit.ts';
import { fits, remainingUnits, resetMs, retryAfterMs } from './gcra.ts';
import type { LimitCharge } from './limit-charge.ts';
import type { Taken } from './store.ts';

export function verdictOf(charges: readonly LimitCharge[], taken: Taken): LimitsVerdict {
  return {
    outcome: taken.admitted ? 'within' : 'over',
    states: charges.map((charge, index) =>
      stateOf(charge, taken.aheadUs[index] ?? Infinity, taken.admitted),
    ),
  };
}

/** The state of a limit that nobody could ask. */
export function skippedState(charge: LimitCharge): LimitState {
  const { limit, pace } = charge;
  return {
    name: limit.name,
    mode: limit.mode,
    result: 'skipped',
    quota: pace.quota,
    windowMs: pace.windowMs,
    remaining: 0,
    resetMs: 0,
    retryAfterMs: 0,
    degraded: limit.onError,
  };
}

function stateOf(charge: LimitCharge, aheadUs: number, admitted: boolean): LimitState {
  const { limit, pace, costUs, capacityUs } = charge;
  const within = fits(aheadUs, costUs, capacityUs);
  const aheadAfterUs = within && admitted ? aheadUs + costUs : aheadUs;
  return {
    name: limit.name,
    mode: limit.mode,
    result: within ? 'within' : 'over',
    quota: pace.quota,
    windowMs: pace.windowMs,
    remaining: remainingUnits(pace, aheadAfterUs),
    resetMs: resetMs(aheadAfterUs),
    retryAfterMs: within ? 0 : retryAfterMs(aheadUs, costUs, capacityUs),
  };
}
