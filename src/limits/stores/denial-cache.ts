import type { Clock } from '../../domain/clock.ts';
import { windowEndUs } from '../calendar.ts';
import { fits } from '../gcra.ts';
import type { Charge, EmptyableStore, Taken } from './store.ts';

/** After this the store is asked again, which may have been reset, or lost a failover. */
const maxAgeUs = 1_000_000;
const defaultMaxKeys = 100_000;

/** A level that the store told. Times are microseconds. */
interface Told {
  readonly level: number;
  /** By the store's clock. */
  readonly atUs: number;
  /** By this process's clock, the store looked at some time between these two. */
  readonly askedUs: number;
  readonly answeredUs: number;
}

/**
 * Refuses, without asking, what the store is known to refuse: a caller who is over a limit and
 * tries on costs no call. It is exact: a bucket that was seen can only have drained by the time that
 * passed, and may have been charged since. It knows levels, not refusals, so a limit that is raised
 * admits at once. What is given back it is told of (`forget`); what a store lost it sees a second late.
 */
export class DenialCache implements EmptyableStore {
  readonly #store: EmptyableStore;
  readonly #clock: Clock;
  readonly #maxKeys: number;
  /** The oldest first. */
  readonly #told = new Map<string, Told>();
  /** How often it was to forget. */
  #generation = 0;

  constructor(store: EmptyableStore, clock: Clock, maxKeys = defaultMaxKeys) {
    this.#store = store;
    this.#clock = clock;
    this.#maxKeys = maxKeys;
  }

  get size(): number {
    return this.#told.size;
  }

  take(charges: readonly Charge[], deadlineMs: number): Promise<Taken> | Taken {
    const askedUs = this.#nowUs();
    if (this.#told.size > 0) {
      const refused = this.#refusal(charges, askedUs);
      if (refused !== undefined) return refused;
    }
    const taken = this.#store.take(charges, deadlineMs);
    if (!(taken instanceof Promise)) return taken;
    const generation = this.#generation;
    return taken.then((answer) => {
      // What was on its way while buckets were emptied may be of before.
      const isCurrent = generation === this.#generation;
      if (!answer.admitted && isCurrent) this.#learn(charges, answer, askedUs);
      return answer;
    });
  }

  async empty(charges: readonly Charge[], deadlineMs: number): Promise<void> {
    await this.#store.empty(charges, deadlineMs);
    this.forget();
  }

  /** Some buckets were emptied: all are asked for again. */
  forget(): void {
    this.#generation += 1;
    this.#told.clear();
  }

  /** Undefined when the store has to be asked. */
  #refusal(charges: readonly Charge[], nowUs: number): Taken | undefined {
    let atUs: number | undefined;
    const levels = charges.map((charge) => {
      const told = charge.enforced ? this.#told.get(charge.key) : undefined;
      if (told === undefined || nowUs - told.answeredUs > maxAgeUs) return undefined;
      if (fits(leastLevel(charge, told, nowUs), charge.amount, charge.capacity)) return undefined;
      // The store lowers it.
      if (charge.ceiling !== undefined && told.level > charge.ceiling) return undefined;
      const sinceUs = nowUs - told.answeredUs;
      atUs = told.atUs + Math.floor(sinceUs);
      // The most that it may be, so that nobody is told to come back too early.
      return charge.edgesUs === undefined ? Math.ceil(told.level - sinceUs) : told.level;
    });
    return atUs === undefined ? undefined : { admitted: false, levels, atUs };
  }

  #learn(charges: readonly Charge[], { levels, atUs }: Taken, askedUs: number): void {
    const answeredUs = this.#nowUs();
    for (const [index, { key, amount, capacity, enforced }] of charges.entries()) {
      const level = levels[index];
      if (!enforced || level === undefined || fits(level, amount, capacity)) continue;
      this.#told.delete(key);
      this.#told.set(key, { level, atUs, askedUs, answeredUs });
    }
    this.#forgetOld(answeredUs);
  }

  #forgetOld(nowUs: number): void {
    for (const [key, { answeredUs }] of this.#told) {
      if (this.#told.size <= this.#maxKeys && nowUs - answeredUs <= maxAgeUs) return;
      this.#told.delete(key);
    }
  }

  #nowUs(): number {
    return this.#clock.monotonicMs() * 1000;
  }
}

/** Charges of others only add to it; an upper bound of the store's clock is a lower one of the level. */
function leastLevel({ edgesUs }: Charge, told: Told, nowUs: number): number {
  const sinceUs = nowUs - told.askedUs;
  if (edgesUs === undefined) return told.level - sinceUs;
  const endUs = windowEndUs(edgesUs, told.atUs) ?? 0;
  return told.atUs + sinceUs < endUs ? told.level : 0;
}
