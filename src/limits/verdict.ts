import type { LimitState, LimitsVerdict } from '../domain/limits/limit.ts';
import { windowEndUs } from './calendar.ts';
import { fits, remainingUnits, resetMs, retryAfterMs } from './gcra.ts';
import type { CompiledLimit } from './compiled-limit.ts';
import type { LimitCharge } from './limit-charge.ts';
import type { Taken } from './stores/store.ts';

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

/** The state of a limit that an operator has turned off. */
export function offState(limit: CompiledLimit): LimitState {
  return skippedState({ limit, pace: limit.paces.own });
}

/** Whoever has used more than this much of a limit may soon be refused by it. */
const nearShare = 0.8;

function stateOf(
  charge: LimitCharge,
  level: number | undefined,
  { admitted, atUs }: Taken,
): LimitState {
  if (level === undefined) return skippedState(charge);
  const { limit, pace, amount, capacity } = charge;
  const within = fits(level, amount, capacity);
  const levelAfter = within && admitted ? level + amount : level;
  const isNear = within && levelAfter > nearShare * capacity;
  const state: LimitState = {
    name: limit.name,
    mode: limit.mode,
    result: within ? 'within' : 'over',
    quota: pace.quota,
    windowMs: pace.windowMs,
    remaining: remainingUnits(pace, levelAfter),
    ...timesOf(charge, { level, levelAfter, within, atUs }),
  };
  // Most are neither: it saves a copy of each.
  return isNear || limit.override !== undefined ? marked(state, isNear, limit) : state;
}

function marked(state: LimitState, isNear: boolean, { override }: CompiledLimit): LimitState {
  return { ...state, ...(isNear && { isNear }), ...(override !== undefined && { override }) };
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

function skippedState({ limit, pace }: Pick<LimitCharge, 'limit' | 'pace'>): LimitState {
  return {
    name: limit.name,
    mode: limit.mode,
    result: 'skipped',
    quota: pace.quota,
    windowMs: pace.windowMs,
    remaining: 0,
    resetMs: 0,
    retryAfterMs: 0,
    ...(limit.override !== undefined && { override: limit.override }),
  };
}
