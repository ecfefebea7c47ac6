import type { Clock } from '../domain/clock.ts';
import { fits } from './gcra.ts';
import type { Charge, LimitStore, Taken } from './store.ts';

/** After this the store is asked again, which may have been reset, or lost a failover. */
const maxAgeUs = 1_000_000;
const defaultMaxKeys = 100_000;

/** A level that the store told, by this process's clock (microseconds). */
interface Told {
  readonly level: number;
  /** The store looked at some time between these two. */
  readonly askedUs: number;
  readonly answeredUs: number;
}

/**
 * Refuses, without asking, what the store is known to refuse: a caller who is over a limit and
 * tries on costs no call. It is exact: a bucket that was seen can only have drained by the time that
 * passed, and may have been charged since. It knows levels, not refusals, so a limit that is raised
 * admits at once. Only what is given back is seen late, by up to a second.
 */
export class DenialCache implements LimitStore {
  readonly #store: LimitStore;
  readonly #clock: Clock;
  readonly #maxKeys: number;
  /** The oldest first. */
  readonly #told = new Map<string, Told>();

  constructor(store: LimitStore, clock: Clock, maxKeys = defaultMaxKeys) {
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
      const levels = charges.map((charge) => this.#refusingLevel(charge, askedUs));
      if (levels.some((level) => level !== undefined)) return { admitted: false, levels };
    }
    const taken = this.#store.take(charges, deadlineMs);
    if (!(taken instanceof Promise)) return taken;
    return taken.then((answer) => {
      if (!answer.admitted) this.#learn(charges, answer, askedUs);
      return answer;
    });
  }

  /** What is certain to refuse the charge; undefined when the store has to be asked. */
  #refusingLevel({ key, amount, capacity, enforced }: Charge, nowUs: number): number | undefined {
    const told = enforced ? this.#told.get(key) : undefined;
    if (told === undefined || nowUs - told.answeredUs > maxAgeUs) return undefined;
    if (fits(told.level - (nowUs - told.askedUs), amount, capacity)) return undefined;
    // The most that it may be, so that nobody is told to come back too early.
    return Math.ceil(told.level - (nowUs - told.answeredUs));
  }

  #learn(charges: readonly Charge[], { levels }: Taken, askedUs: number): void {
    const answeredUs = this.#nowUs();
    for (const [index, { key, amount, capacity, enforced }] of charges.entries()) {
      const level = levels[index];
      if (!enforced || level === undefined || fits(level, amount, capacity)) continue;
      this.#told.delete(key);
      this.#told.set(key, { level, askedUs, answeredUs });
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
