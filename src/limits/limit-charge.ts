import type { LimitLease, LimitQuestion } from '../domain/limits/limit.ts';
import type { LimitRequest } from '../domain/decision/policy.ts';
import type { CompiledLimit } from './compiled-limit.ts';
import type { Pace } from './gcra.ts';
import { policyKey } from './keys.ts';
import { paceFor } from './pace-table.ts';
import type { Charge, Lease } from './stores/store.ts';

/** A charge, and what its outcome is told with. */
export interface LimitCharge extends Charge {
  readonly limit: CompiledLimit;
  readonly cost: number;
  readonly caller: string | undefined;
  /** What the policy gave to count by, instead of the limit's own parts. */
  readonly policyKey: string | undefined;
  /** What the charge is counted by. */
  readonly pace: Pace;
}

/** `nowMs` is the time for people; `requested` is the policy's word, where the policy named the limit. */
export function chargeFor(
  limit: CompiledLimit,
  question: LimitQuestion,
  nowMs: number,
  requested?: LimitRequest,
): LimitCharge {
  const { calendar, paces } = limit;
  const { lease } = limit.rates;
  const caller = question.caller?.principal;
  const pace = paceFor(paces, caller);
  const cost = requested?.cost ?? limit.cost;
  const counted = requested?.key === undefined ? limit.keyOf(question) : policyKey(requested.key);
  return {
    key: limit.keyPrefix + counted,
    counted,
    amount: cost * pace.intervalUs,
    capacity: pace.capacityUs,
    ceiling: paces.ceiling,
    enforced: limit.mode === 'enforce',
    ...(calendar && { edgesUs: calendar.edgesAt(nowMs) }),
    ...(lease && { lease: leaseAt(pace, lease) }),
    limit,
    cost,
    caller,
    policyKey: requested?.key,
    pace,
  };
}

function leaseAt({ intervalUs }: Pace, { tokens, forMs }: LimitLease): Lease {
  return { amount: tokens * intervalUs, forUs: forMs * 1000 };
}

/** The same charge against this replica's share of the limit. */
export function localShareOf(charge: LimitCharge, replicas: number): LimitCharge {
  const paces = charge.limit.shareOf(replicas);
  const pace = paceFor(paces, charge.caller);
  return {
    ...charge,
    amount: charge.cost * pace.intervalUs,
    capacity: pace.capacityUs,
    ceiling: paces.ceiling,
    pace,
  };
}
