import type { Clock } from '../../domain/clock.ts';
import { windowEndUs } from '../calendar.ts';
import { levelOf, fits } from '../gcra.ts';
import type { Charge, EmptyableLocalStore, Taken } from './store.ts';

const defaultMaxKeys = 1_000_000;

/** Entries looked at for each charge; two, so that the sweep outruns the keys that come in. */
const sweptPerCharge = 2;

/** Of so many under the sweep, a full store forgets the one that holds least. */
const weighedPerDisplaced = 8;

/** A TAT on the monotonic clock (microseconds), or what was taken in a window of the calendar. */
type Bucket = number | Window;

interface Window {
  readonly level: number;
  /** In microseconds since 1970. */
  readonly endUs: number;
}

interface Now {
  readonly monotonicUs: number;
  readonly epochUs: number;
}

/**
 * Counts in this process. Expired keys are swept a few at a time. At `maxKeys` a new key displaces,
 * of a few under the sweep, the one that would have been empty first: a flood of invented callers
 * displaces its own. To make the store forget who is over a limit, its neighbours would have to be
 * as far over one.
 */
export class MemoryLimitStore implements EmptyableLocalStore {
  readonly #buckets = new Map<string, Bucket>();
  readonly #clock: Clock;
  readonly #maxKeys: number;
  #sweep = this.#buckets.entries();

  constructor(clock: Clock, maxKeys = defaultMaxKeys) {
    this.#clock = clock;
    this.#maxKeys = maxKeys;
  }

  get size(): number {
    return this.#buckets.size;
  }

  take(charges: readonly Charge[]): Taken {
    const now = {
      monotonicUs: Math.floor(this.#clock.monotonicMs() * 1000),
      epochUs: Math.floor(this.#clock.nowMs() * 1000),
    };
    const levels: number[] = [];
    let admitted = true;
    for (const charge of charges) {
      const level = this.#levelFor(charge, now);
      levels.push(level);
      if (charge.enforced && !fits(level, charge.amount, charge.capacity)) admitted = false;
    }
    if (admitted) this.#charge(charges, levels, now);
    return { admitted, levels, atUs: now.epochUs };
  }

  empty(charges: readonly Charge[]): void {
    for (const { key } of charges) this.#buckets.delete(key);
  }

  #levelFor({ key, ceiling, edgesUs }: Charge, { monotonicUs, epochUs }: Now): number {
    const bucket = this.#buckets.get(key);
    if (typeof bucket !== 'object') {
      const level = levelOf(bucket, monotonicUs);
      if (ceiling === undefined || level <= ceiling) return level;
      this.#buckets.set(key, monotonicUs + ceiling);
      return ceiling;
    }
    const endUs = edgesUs && windowEndUs(edgesUs, epochUs);
    return bucket.endUs === endUs ? bucket.level : 0;
  }

  #charge(charges: readonly Charge[], levels: readonly number[], now: Now): void {
    for (const [index, { key, amount, capacity, edgesUs }] of charges.entries()) {
      const level = levels[index] ?? 0;
      if (!fits(level, amount, capacity)) continue;
      this.#sweepExpired(now);
      if (this.#buckets.size >= this.#maxKeys && !this.#buckets.has(key)) this.#displaceOne(now);
      const after = level + amount;
      const endUs = edgesUs && windowEndUs(edgesUs, now.epochUs);
      const bucket = endUs === undefined ? now.monotonicUs + after : { level: after, endUs };
      this.#buckets.set(key, bucket);
    }
  }

  #sweepExpired(now: Now): void {
    for (let looked = 0; looked < sweptPerCharge; looked += 1) {
      const entry = this.#nextSwept();
      if (entry !== undefined && isExpired(entry[1], now)) this.#buckets.delete(entry[0]);
    }
  }

  /** What holds most goes to the end, between newcomers: else at last only such would be weighed. */
  #displaceOne(now: Now): void {
    let least = this.#nextSwept();
    let most = least;
    for (let weighed = 1; weighed < weighedPerDisplaced; weighed += 1) {
      const entry = this.#nextSwept();
      if (entry === undefined || least === undefined || most === undefined) return;
      if (holdsLess(entry[1], least[1], now)) least = entry;
      else if (holdsLess(most[1], entry[1], now)) most = entry;
    }
    if (least === undefined || most === undefined) return;
    this.#buckets.delete(most[0]);
    if (most !== least) this.#buckets.set(...most).delete(least[0]);
  }

  /** The entries in turn, again from the first after the last. */
  #nextSwept(): [string, Bucket] | undefined {
    const next = this.#sweep.next();
    if (!next.done) return next.value;
    this.#sweep = this.#buckets.entries();
    return this.#sweep.next().value;
  }
}

function isExpired(bucket: Bucket, now: Now): boolean {
  return emptyInUs(bucket, now) <= 0;
}

/** Less time until it is empty; or, where that is the same, less taken. */
function holdsLess(one: Bucket, other: Bucket, now: Now): boolean {
  const difference = emptyInUs(one, now) - emptyInUs(other, now);
  if (difference !== 0 || typeof one === 'number' || typeof other === 'number') {
    return difference < 0;
  }
  return one.level < other.level;
}

function emptyInUs(bucket: Bucket, { monotonicUs, epochUs }: Now): number {
  return typeof bucket === 'number' ? bucket - monotonicUs : bucket.endUs - epochUs;
}
