import type { LimitQuestion } from '../domain/limit.ts';
import type { LimitRequest } from '../domain/policy.ts';
import type { CompiledLimit, Paces } from './compiled-limit.ts';
import type { Pace } from './gcra.ts';
import { policyKey } from './keys.ts';
import type { Charge } from './store.ts';

/** A charge, and what its outcome is told with. */
export interface LimitCharge extends Charge {
  readonly limit: CompiledLimit;
  readonly cost: number;
  readonly paces: Paces;
  /** The one of `paces` that the charge is counted by. */
  readonly pace: Pace;
}

/** `nowMs` is the time for people; `requested` is the policy's word, where the policy named the limit. */
export function chargeFor(
  limit: CompiledLimit,
  question: LimitQuestion,
  nowMs: number,
  requested?: LimitRequest,
): LimitCharge {
  const { calendar } = limit;
  const { caller } = question;
  const override = caller === undefined ? undefined : limit.overrides.get(caller.principal);
  const paces = override ?? limit.paces;
  const cost = requested?.cost ?? limit.cost;
  const counted = requested?.key === undefined ? limit.keyOf(question) : policyKey(requested.key);
  return {
    key: limit.keyPrefix + counted,
    counted,
    amount: cost * paces.shared.intervalUs,
    capacity: paces.shared.capacityUs,
    ceiling: limit.ceilings.shared,
    enforced: limit.mode === 'enforce',
    ...(calendar && { edgesUs: calendar.edgesAt(nowMs) }),
    limit,
    cost,
    paces,
    pace: paces.shared,
  };
}

/** The same charge against this replica's share of the limit. */
export function localShareOf(charge: LimitCharge): LimitCharge {
  const pace = charge.paces.local;
  return {
    ...charge,
    amount: charge.cost * pace.intervalUs,
    capacity: pace.capacityUs,
    ceiling: charge.limit.ceilings.local,
    pace,
  };
}
