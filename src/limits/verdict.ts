import type { LimitState, LimitsVerdict } from '../domain/limit.ts';
import { windowEndUs } from './calendar.ts';
import { fits, remainingUnits, resetMs, retryAfterMs } from './gcra.ts';
import type { LimitCharge } from './limit-charge.ts';
import type { Taken } from './store.ts';

export function verdictOf(charges: readonly LimitCharge[], taken: Taken): LimitsVerdict {
  return {
    outcome: taken.admitted ? 'within' : 'over',
    states: charges.map((charge, index) => stateOf(charge, taken.levels[index], taken)),
  };
}

/** The state of a limit that was not asked, because its store did not answer. */
export function degradedState(charge: LimitCharge): LimitState {
  return { ...skippedState(charge), degraded: charge.limit.onError };
}

function stateOf(
  charge: LimitCharge,
  level: number | undefined,
  { admitted, atUs }: Taken,
): LimitState {
  if (level === undefined) return skippedState(charge);
  const { limit, pace, amount, capacity } = charge;
  const within = fits(level, amount, capacity);
  const levelAfter = within && admitted ? level + amount : level;
  return {
    name: limit.name,
    mode: limit.mode,
    result: within ? 'within' : 'over',
    quota: pace.quota,
    windowMs: pace.windowMs,
    remaining: remainingUnits(pace, levelAfter),
    ...timesOf(charge, { level, levelAfter, within, atUs }),
  };
}

interface Outcome {
  readonly level: number;
  readonly levelAfter: number;
  readonly within: boolean;
  readonly atUs: number;
}

function timesOf(
  { amount, capacity, edgesUs }: LimitCharge,
  { level, levelAfter, within, atUs }: Outcome,
): Pick<LimitState, 'resetMs' | 'retryAfterMs'> {
  if (edgesUs === undefined) {
    return {
      resetMs: resetMs(levelAfter),
      retryAfterMs: within ? 0 : retryAfterMs(level, amount, capacity),
    };
  }
  const leftMs = Math.ceil(((windowEndUs(edgesUs, atUs) ?? atUs) - atUs) / 1000);
  const waitMs = amount > capacity ? Infinity : leftMs;
  return { resetMs: leftMs, retryAfterMs: within ? 0 : waitMs };
}

function skippedState({ limit, pace }: LimitCharge): LimitState {
  return {
    name: limit.name,
    mode: limit.mode,
    result: 'skipped',
    quota: pace.quota,
    windowMs: pace.windowMs,
    remaining: 0,
    resetMs: 0,
    retryAfterMs: 0,
  };
}
