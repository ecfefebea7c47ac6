import type { LimitLease, LimitRate } from '../../domain/limits/limit.ts';
import { conflictIf, required, section, type Conflict } from '../schema/schema.ts';
import { integer, duration } from '../schema/values.ts';

export const lease = section<LimitLease>({
  tokens: required('tokens', integer(2, 1_000_000), 'Units that a replica takes ahead, at most.'),
  forMs: required('for', duration('10ms', '1m'), 'How long it may spend them.'),
});

interface Leasable {
  readonly lease?: LimitLease;
  readonly cost: number;
}

/**
 * What comes back within the lease's time is taken off the burst, so that no interval sees more
 * than the limit (leases.ts).
 */
export function leaseConflicts(
  { lease: taken, cost }: Leasable,
  rates: readonly LimitRate[],
  isCalendar: boolean,
): readonly Conflict[] {
  if (taken === undefined) return [];
  if (isCalendar) return [{ key: 'lease', message: 'is of a rate; a quota has none' }];
  return rates.flatMap(({ quota, windowMs, burst }) => {
    const comesBack = Math.ceil((taken.forMs * quota) / windowMs);
    const needed = comesBack + taken.tokens + cost;
    const message = `needs a burst of ${needed} and has one of ${burst}: ${comesBack} units come back in its time, ${taken.tokens} are taken ahead, and one request needs ${cost}; shorten it, or raise the burst`;
    return conflictIf(needed > burst, 'lease', message);
  });
}
