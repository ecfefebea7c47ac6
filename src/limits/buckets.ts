import type { LimitQuestion, LimitState } from '../domain/limits/limit.ts';
import type {
  BucketAddress,
  BucketReport,
  BucketState,
  UnaddressedLimit,
} from '../domain/limits/limit-bucket.ts';
import { questionFor } from './address.ts';
import type { CompiledLimit } from './compiled-limit.ts';
import { chargeFor, type LimitCharge, localShareOf } from './limit-charge.ts';
import type { LimiterSurroundings } from './limiter.ts';
import type { LimitTable } from './limit-table.ts';
import type { Charge, EmptyableLocalStore, EmptyableStore, Taken } from './stores/store.ts';
import { degradedState, offState, verdictOf } from './verdict.ts';

export interface BucketSurroundings extends LimiterSurroundings {
  readonly store: EmptyableStore;
  readonly localStore: EmptyableLocalStore;
}

interface Found {
  readonly charges: readonly LimitCharge[];
  readonly unaddressed: readonly UnaddressedLimit[];
}

/** What an operator can see of the buckets of one caller, and do to them. */
export class Buckets {
  readonly #table: LimitTable;
  readonly #surroundings: BucketSurroundings;

  constructor(table: LimitTable, surroundings: BucketSurroundings) {
    this.#table = table;
    this.#surroundings = surroundings;
  }

  /** Charges nothing. Where the store does not answer, what holds instead is told. */
  async show(address: BucketAddress, deadlineMs: number): Promise<BucketReport> {
    const { charges, unaddressed } = this.#find(address);
    const buckets = await Promise.all(charges.map((charge) => this.#look(charge, deadlineMs)));
    return { buckets, unaddressed };
  }

  /**
   * Fills the buckets again, on all replicas, and answers which. Without a limit's name only those
   * that count the caller: nobody else is given anything. Rejects when the store does not answer.
   */
  async reset(address: BucketAddress, deadlineMs: number): Promise<BucketReport> {
    const { charges, unaddressed } = this.#find(address);
    const own = charges.filter(
      ({ limit }) => address.limit !== undefined || limit.by.includes('caller'),
    );
    const { store, localStore } = this.#surroundings;
    await store.empty(own, deadlineMs);
    localStore.empty(own);
    const buckets = await Promise.all(own.map((charge) => this.#look(charge, deadlineMs)));
    return { buckets, unaddressed };
  }

  #find(address: BucketAddress): Found {
    const question = questionFor(address);
    const nowMs = this.#surroundings.clock.nowMs();
    const charges: LimitCharge[] = [];
    const unaddressed: UnaddressedLimit[] = [];
    for (const compiled of this.#table.all()) {
      if (!isMeant(compiled, address)) continue;
      const missing = missingParts(compiled, address);
      const limit = this.#table.inForce(compiled, question.caller?.principal);
      if (missing.length > 0) unaddressed.push({ limit: limit.name, missing });
      else charges.push(chargeOf(limit, question, nowMs, address));
    }
    return { charges, unaddressed };
  }

  async #look(charge: LimitCharge, deadlineMs: number): Promise<BucketState> {
    const { store, localStore, replicas } = this.#surroundings;
    try {
      return bucketOf(charge, stateIn(charge, await store.take([nothingOf(charge)], deadlineMs)));
    } catch {
      const { onError } = charge.limit;
      if (onError !== 'local') return bucketOf(charge, degradedState(charge));
      const share = localShareOf(charge, replicas());
      const state = stateIn(share, localStore.take([nothingOf(share)]));
      return { ...bucketOf(share, state), degraded: onError };
    }
  }
}

/** A policy's key stands for all parts. */
function missingParts({ by }: CompiledLimit, { counted }: BucketAddress): readonly string[] {
  return counted.has('key') ? [] : by.filter((name) => !counted.has(name));
}

function isMeant({ name, service }: CompiledLimit, { limit, counted }: BucketAddress): boolean {
  if (limit !== undefined) return limit === name;
  const called = counted.get('service');
  return service === undefined || called === undefined || called === service;
}

function chargeOf(
  limit: CompiledLimit,
  question: LimitQuestion,
  nowMs: number,
  { counted }: BucketAddress,
): LimitCharge {
  const key = counted.get('key') ?? undefined;
  const requested = key === undefined ? undefined : { name: limit.name, key };
  return chargeFor(limit, question, nowMs, requested);
}

/** Takes nothing, and is never refused: it only asks for the level. */
function nothingOf(charge: LimitCharge): Charge {
  return { ...charge, amount: 0, enforced: false };
}

/** As if the request had been refused: what is left before it, not after. */
function stateIn(charge: LimitCharge, { levels, atUs }: Taken): LimitState | undefined {
  return verdictOf([charge], { admitted: false, levels, atUs }).states[0];
}

function bucketOf({ limit, pace, caller }: LimitCharge, state = offState(limit)): BucketState {
  const { name, result: _result, isNear: _isNear, ...rest } = state;
  const isOfFile = caller !== undefined && limit.paces.byCaller.has(caller);
  return {
    ...(isOfFile && { override: 'file' }),
    ...rest,
    limit: name,
    by: limit.by,
    burst: Math.floor(pace.capacityUs / pace.intervalUs),
    ...(limit.isOff && { isOff: true }),
  };
}
