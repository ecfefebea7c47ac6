import type { Clock } from '../../domain/clock.ts';
import type { Charge, EmptyableStore, Lease, Taken } from './store.ts';

const defaultMaxKeys = 100_000;

/** What was taken of a bucket ahead, to be spent here. Times are microseconds. */
interface Chunk {
  leftUs: number;
  readonly untilUs: number;
  /** Under another capacity the store has to be asked. */
  readonly capacity: number;
  /** Of the bucket before it was taken, by the store's clock then and by this process's. */
  readonly level: number;
  readonly takenUs: number;
  readonly atUs: number;
  readonly askedUs: number;
}

/** What a replica knows of one key. */
interface Leased {
  chunk: Chunk | undefined;
  isAsking: boolean;
  /** What requests took in this period and in the one before: a lease is not longer than that. */
  demandUs: number;
  demandBeforeUs: number;
  periodUs: number;
}

interface Spent {
  readonly chunk: Chunk;
  readonly amount: number;
  readonly level: number;
  readonly atUs: number;
}

/**
 * Takes a little of hot buckets ahead, and spends it without asking the store. A chunk was charged
 * before any of it is spent, so no unit is given twice; it ends after the lease's time, and what is
 * left of it is lost. What is not covered by a chunk goes to the store as ever.
 *
 * Units that are spent later than they were charged could come together with those charged since.
 * So that no interval sees more than the limit, a leased limit's capacity is smaller by the lease's
 * time (pace-table.ts): what is spent in an interval was charged in it or at most that long before.
 */
export class Leases implements EmptyableStore {
  readonly #store: EmptyableStore;
  readonly #clock: Clock;
  readonly #maxKeys: number;
  /** The oldest first. */
  readonly #leased = new Map<string, Leased>();
  /** How often it was to forget. */
  #generation = 0;

  constructor(store: EmptyableStore, clock: Clock, maxKeys = defaultMaxKeys) {
    this.#store = store;
    this.#clock = clock;
    this.#maxKeys = maxKeys;
  }

  get size(): number {
    return this.#leased.size;
  }

  take(charges: readonly Charge[], deadlineMs: number): Promise<Taken> | Taken {
    if (!charges.some(isLeasable)) return this.#store.take(charges, deadlineMs);
    const nowUs = this.#nowUs();
    const spent = charges.map((charge) => this.#spend(charge, nowUs));
    const rest = charges.filter((_, index) => spent[index] === undefined);
    if (rest.length === 0) return this.#takenHere(charges, spent, nowUs);
    return this.#takeRest(charges, spent, rest, deadlineMs);
  }

  async empty(charges: readonly Charge[], deadlineMs: number): Promise<void> {
    await this.#store.empty(charges, deadlineMs);
    this.forget();
  }

  /** Some buckets were emptied: what was taken of them ahead is given up. */
  forget(): void {
    this.#generation += 1;
    this.#leased.clear();
  }

  #spend({ key, amount, capacity, lease }: Charge, nowUs: number): Spent | undefined {
    const chunk = lease && this.#leased.get(key)?.chunk;
    // An amount of nothing asks for the level.
    if (chunk === undefined || amount === 0 || nowUs >= chunk.untilUs) return undefined;
    if (chunk.leftUs < amount || chunk.capacity !== capacity) return undefined;
    const sinceUs = Math.floor(nowUs - chunk.askedUs);
    const level = Math.max(chunk.level + chunk.takenUs - chunk.leftUs - sinceUs, 0);
    chunk.leftUs -= amount;
    return { chunk, amount, level, atUs: chunk.atUs + sinceUs };
  }

  #takenHere(
    charges: readonly Charge[],
    spent: readonly (Spent | undefined)[],
    nowUs: number,
  ): Taken {
    for (const charge of charges) this.#noteDemand(charge, nowUs);
    return {
      admitted: true,
      levels: spent.map((each) => each?.level),
      atUs: Math.max(...spent.map((each) => each?.atUs ?? 0)),
    };
  }

  async #takeRest(
    charges: readonly Charge[],
    spent: readonly (Spent | undefined)[],
    rest: readonly Charge[],
    deadlineMs: number,
  ): Promise<Taken> {
    let taken: Taken | undefined;
    try {
      taken = await this.#store.take(rest, deadlineMs);
    } finally {
      if (taken?.admitted !== true) giveBack(spent);
    }
    if (taken.admitted) {
      const nowUs = this.#nowUs();
      for (const charge of charges) this.#noteDemand(charge, nowUs);
      for (const charge of rest) this.#lengthen(charge, nowUs, deadlineMs);
    }
    const levels = [...taken.levels];
    return {
      ...taken,
      levels: spent.map((each) => (each === undefined ? levels.shift() : each.level)),
    };
  }

  #noteDemand({ key, amount, lease }: Charge, nowUs: number): void {
    if (lease === undefined) return;
    const leased = this.#leasedOf(key, nowUs);
    const periods = Math.floor((nowUs - leased.periodUs) / lease.forUs);
    if (periods > 0) {
      leased.demandBeforeUs = periods === 1 ? leased.demandUs : 0;
      leased.demandUs = 0;
      leased.periodUs = nowUs;
    }
    leased.demandUs += amount;
  }

  #leasedOf(key: string, nowUs: number): Leased {
    const known = this.#leased.get(key);
    if (known !== undefined) return known;
    const leased = {
      chunk: undefined,
      isAsking: false,
      demandUs: 0,
      demandBeforeUs: 0,
      periodUs: nowUs,
    };
    this.#leased.set(key, leased);
    for (const [oldest] of this.#leased) {
      if (this.#leased.size <= this.#maxKeys) break;
      this.#leased.delete(oldest);
    }
    return leased;
  }

  /** Only what is asked more than once in the lease's time is worth a lease. */
  #lengthen(charge: Charge, nowUs: number, deadlineMs: number): void {
    const { key, lease, amount } = charge;
    const leased = this.#leased.get(key);
    if (lease === undefined || amount === 0 || leased === undefined || leased.isAsking) return;
    const wantedUs = Math.min(lease.amount, leased.demandUs + leased.demandBeforeUs);
    if (wantedUs < 2 * amount) return;
    leased.isAsking = true;
    void this.#ask(
      { ...charge, amount: wantedUs, enforced: true },
      lease,
      leased,
      nowUs,
      deadlineMs,
    );
  }

  /** A bucket that cannot spare a chunk, or a store that does not answer, is no fault here. */
  async #ask(
    charge: Charge,
    lease: Lease,
    leased: Leased,
    askedUs: number,
    deadlineMs: number,
  ): Promise<void> {
    const generation = this.#generation;
    try {
      const { admitted, levels, atUs } = await this.#store.take([charge], deadlineMs);
      const [level] = levels;
      if (!admitted || level === undefined || generation !== this.#generation) return;
      const { amount, capacity } = charge;
      const untilUs = askedUs + lease.forUs;
      leased.chunk = { leftUs: amount, untilUs, capacity, level, takenUs: amount, atUs, askedUs };
    } catch {
      // The next request that is not covered asks the store, and says what is wrong.
    } finally {
      leased.isAsking = false;
    }
  }

  #nowUs(): number {
    return this.#clock.monotonicMs() * 1000;
  }
}

function isLeasable({ lease }: Charge): boolean {
  return lease !== undefined;
}

function giveBack(spent: readonly (Spent | undefined)[]): void {
  for (const each of spent) if (each !== undefined) each.chunk.leftUs += each.amount;
}
