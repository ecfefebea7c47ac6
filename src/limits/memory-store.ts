import type { Clock } from '../domain/clock.ts';
import { levelOf, fits } from './gcra.ts';
import type { Charge, LocalLimitStore, Taken } from './store.ts';

const defaultMaxKeys = 1_000_000;

/** Entries looked at for each charge; two, so that the sweep outruns the keys that come in. */
const sweptPerCharge = 2;

/**
 * Counts in this process. Expired keys are swept a few at a time. At `maxKeys` a new key displaces
 * the one under the sweep: to make the store forget a chosen key, an attacker would have to be
 * admitted that many times within the key's window.
 */
export class MemoryLimitStore implements LocalLimitStore {
  readonly #tatsUs = new Map<string, number>();
  readonly #clock: Clock;
  readonly #maxKeys: number;
  #sweep = this.#tatsUs.entries();

  constructor(clock: Clock, maxKeys = defaultMaxKeys) {
    this.#clock = clock;
    this.#maxKeys = maxKeys;
  }

  get size(): number {
    return this.#tatsUs.size;
  }

  take(charges: readonly Charge[]): Taken {
    const nowUs = Math.floor(this.#clock.monotonicMs() * 1000);
    const levels: number[] = [];
    let admitted = true;
    for (const { key, amount, capacity, enforced } of charges) {
      const level = levelOf(this.#tatsUs.get(key), nowUs);
      levels.push(level);
      if (enforced && !fits(level, amount, capacity)) admitted = false;
    }
    if (admitted) this.#charge(charges, levels, nowUs);
    return { admitted, levels };
  }

  #charge(charges: readonly Charge[], levels: readonly number[], nowUs: number): void {
    for (const [index, { key, amount, capacity }] of charges.entries()) {
      const level = levels[index] ?? 0;
      if (!fits(level, amount, capacity)) continue;
      this.#sweepExpired(nowUs);
      if (this.#tatsUs.size >= this.#maxKeys && !this.#tatsUs.has(key)) this.#displaceOne();
      this.#tatsUs.set(key, nowUs + level + amount);
    }
  }

  #sweepExpired(nowUs: number): void {
    for (let looked = 0; looked < sweptPerCharge; looked += 1) {
      const entry = this.#nextSwept();
      if (entry !== undefined && entry[1] <= nowUs) this.#tatsUs.delete(entry[0]);
    }
  }

  #displaceOne(): void {
    const entry = this.#nextSwept();
    if (entry !== undefined) this.#tatsUs.delete(entry[0]);
  }

  /** The entries in turn, again from the first after the last. */
  #nextSwept(): [string, number] | undefined {
    const next = this.#sweep.next();
    if (!next.done) return next.value;
    this.#sweep = this.#tatsUs.entries();
    return this.#sweep.next().value;
  }
}
