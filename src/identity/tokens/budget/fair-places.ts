/**
 * Places that peers share. Each may hold as many as are free: one alone gets half of them, two that
 * always want more get a third each, and so on, so that whoever comes next finds some. (Dynamic
 * thresholds, as switches share their memory: Choudhury and Hahne, 1998.) Knows only the peers that
 * hold a place.
 */
export class FairPlaces {
  readonly #heldBy = new Map<string, number>();
  #free: number;

  constructor(places: number) {
    this.#free = places;
  }

  /** Whether the peer has got one. */
  take(peer: string): boolean {
    const held = this.#heldBy.get(peer) ?? 0;
    if (held >= this.#free) return false;
    this.#heldBy.set(peer, held + 1);
    this.#free -= 1;
    return true;
  }

  giveBack(peer: string): void {
    const held = this.#heldBy.get(peer) ?? 0;
    if (held > 1) this.#heldBy.set(peer, held - 1);
    else this.#heldBy.delete(peer);
    this.#free += 1;
  }
}
