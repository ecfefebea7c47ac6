import type { LimitLease, LimitOverride, LimitRate } from '../domain/limits/limit.ts';
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
  readonly lease?: LimitLease;
}

/** @throws {RangeError} when a rate cannot be counted. */
export function paceTableOf(rates: Rates): PaceTable {
  return tableOf(rates, (rate) => withoutLeased(paceIn(rates)(rate), rates));
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
      table = tableOf(rates, (rate) => paceIn(rates)(shareOf(rate, rates.cost, replicas)));
      sharedBy = replicas;
    }
    return table;
  };
}

export function paceFor({ own, byCaller }: PaceTable, caller: string | undefined): Pace {
  return (caller === undefined ? undefined : byCaller.get(caller)) ?? own;
}

function tableOf(rates: Rates, paceFrom: (rate: LimitRate) => Pace): PaceTable {
  const own = paceFrom(rates);
  const byCaller = new Map<string, Pace>();
  for (const override of rates.overrides) {
    if (!byCaller.has(override.caller)) byCaller.set(override.caller, paceFrom(override));
  }
  const ceiling = Math.max(...[own, ...byCaller.values()].map(({ capacityUs }) => capacityUs));
  return { own, byCaller, ceiling };
}

function paceIn({ isCalendar }: Rates): (rate: LimitRate) => Pace {
  return isCalendar ? calendarPaceOf : paceOf;
}

/** What is taken ahead may be spent this much later than it was counted: see leases.ts. */
function withoutLeased(pace: Pace, { lease, cost }: Rates): Pace {
  if (lease === undefined) return pace;
  const capacityUs = pace.capacityUs - lease.forMs * 1000;
  if (capacityUs < cost * pace.intervalUs) {
    throw new RangeError('the lease is so long that its burst leaves nothing to take');
  }
  return { ...pace, capacityUs };
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
