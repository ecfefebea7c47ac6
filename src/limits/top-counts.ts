/** One key that was counted often. Its true count lies between `count - overcount` and `count`. */
export interface Counted<T> {
  readonly about: T;
  readonly count: number;
  readonly overcount: number;
}

/**
 * The keys that come most often, in bounded space (Metwally et al., space-saving): a new key takes
 * the place of the rarest, and its count. Whoever comes more often than one in `size` is among them.
 */
export class TopCounts<T> {
  readonly #size: number;
  readonly #counts = new Map<string, { about: T; count: number; overcount: number }>();

  constructor(size: number) {
    this.#size = size;
  }

  /** `describe` is asked about a key that was not known. */
  add(key: string, describe: () => T): void {
    const known = this.#counts.get(key);
    if (known !== undefined) {
      known.count += 1;
      return;
    }
    const overcount = this.#counts.size < this.#size ? 0 : this.#dropRarest();
    this.#counts.set(key, { about: describe(), count: overcount + 1, overcount });
  }

  entries(): Iterable<readonly [key: string, counted: Counted<T>]> {
    return this.#counts;
  }

  /** The most frequent first. */
  top(): readonly Counted<T>[] {
    return [...this.#counts.values()].toSorted((a, b) => b.count - a.count);
  }

  #dropRarest(): number {
    let rarest: string | undefined;
    let least = Infinity;
    for (const [key, { count }] of this.#counts) {
      if (count < least) [rarest, least] = [key, count];
    }
    if (rarest === undefined) return 0;
    this.#counts.delete(rarest);
    return least;
  }
}
