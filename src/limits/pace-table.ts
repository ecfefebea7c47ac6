import type { LimitOverride, LimitRate } from '../domain/limit.ts';
import { calendarPaceOf, maxCapacityUs, type Pace, paceOf } from './gcra.ts';

/** How fast a limit lets its callers go. */
export interface PaceTable {
  readonly own: Pace;
  /** By principal. */
  readonly byCaller: ReadonlyMap<string, Pace>;
  /** The largest capacity of them all. */
  readonly ceiling: number;
}

/** What a limit's paces are computed from. */
export interface Rates extends LimitRate {
  readonly overrides: readonly LimitOverride[];
  readonly isCalendar: boolean;
  readonly cost: number;
}

/** @throws {RangeError} when a rate cannot be counted. */
export function paceTableOf(rates: Rates): PaceTable {
  return tableOf(rates, (rate) => rate);
}

/**
 * The paces of this replica's share, for when the shared store cannot answer. How many replicas
 * there are changes seldom: the last table is kept.
 */
export function shareReader(rates: Rates): (replicas: number) => PaceTable {
  let sharedBy = 0;
  let table: PaceTable | undefined;
  return (replicas) => {
    if (table === undefined || replicas !== sharedBy) {
      table = tableOf(rates, (rate) => shareOf(rate, rates.cost, replicas));
      sharedBy = replicas;
    }
    return table;
  };
}

export function paceFor({ own, byCaller }: PaceTable, caller: string | undefined): Pace {
  return (caller === undefined ? undefined : byCaller.get(caller)) ?? own;
}

function tableOf(rates: Rates, shareFrom: (rate: LimitRate) => LimitRate): PaceTable {
  const paceOfRate = rates.isCalendar ? calendarPaceOf : paceOf;
  const own = paceOfRate(shareFrom(rates));
  const byCaller = new Map<string, Pace>();
  for (const override of rates.overrides) {
    if (!byCaller.has(override.caller)) {
      byCaller.set(override.caller, paceOfRate(shareFrom(override)));
    }
  }
  const ceiling = Math.max(...[own, ...byCaller.values()].map(({ capacityUs }) => capacityUs));
  return { own, byCaller, ceiling };
}

/**
 * The share of one of `replicas`, rounded down, at least 1. The burst still holds one request at
 * the limit's own cost when the whole burst does; else a share would refuse everyone for ever.
 */
function shareOf({ quota, windowMs, burst }: LimitRate, cost: number, replicas: number): LimitRate {
  const share = Math.max(Math.floor(burst / replicas), Math.min(cost, burst), 1);
  // So slow that it could not be counted would be a fault, of all times without the store.
  const leastQuota = Math.ceil((windowMs * 1000 * share) / (maxCapacityUs - share));
  return {
    quota: Math.max(Math.floor(quota / replicas), leastQuota, 1),
    windowMs,
    burst: share,
  };
}
