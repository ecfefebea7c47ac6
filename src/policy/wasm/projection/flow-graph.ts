import type { Projection } from '../../input/projection.ts';

/** A longer path is read whole where it gets too long: Rego that loops along a path has no end. */
const maxDepth = 16;

/** A place in the input, by the keys that lead to it. */
export class Place {
  readonly #depth: number;
  readonly #below = new Map<string, Place>();
  isWhole = false;

  constructor(depth = 0) {
    this.#depth = depth;
  }

  /** Undefined where all of it is read anyway. */
  under(key: string): Place | undefined {
    if (this.#depth === maxDepth) this.isWhole = true;
    if (this.isWhole) return undefined;
    const known = this.#below.get(key);
    if (known !== undefined) return known;
    const place = new Place(this.#depth + 1);
    this.#below.set(key, place);
    return place;
  }

  /** What is looked at no further is only asked whether it is there, and whether it is an object. */
  projection(): Projection {
    if (this.isWhole) return 'whole';
    return new Map(Array.from(this.#below, ([key, place]) => [key, place.projection()]));
  }
}

/** What a local, an operand or a result may hold of the input: any of several places. */
export class Flow {
  places: Set<Place> | undefined;
  /** Where it goes as it is, … */
  readonly targets: Flow[] = [];
  /** … and where what is under a key of it goes. */
  readonly gets: { readonly key: string; readonly target: Flow }[] = [];
  /** It goes where nobody follows: all of it may be read. */
  isWhole = false;
}

/**
 * Finds which places come to which flow, from the one that holds the input. The order of the code
 * does not count: what a flow may hold at some time, it may hold at all times.
 *
 * `takeStep` may throw, when that takes too long.
 */
export function placesReached(input: Flow, takeStep: () => void): Place {
  const root = new Place();
  const arrivals: [flow: Flow, place: Place][] = [[input, root]];
  for (let next = arrivals.pop(); next && !root.isWhole; next = arrivals.pop()) {
    takeStep();
    const [flow, place] = next;
    flow.places ??= new Set();
    if (flow.places.has(place)) continue;
    flow.places.add(place);
    if (flow.isWhole) place.isWhole = true;
    for (const target of flow.targets) arrivals.push([target, place]);
    for (const { key, target } of flow.gets) {
      const below = place.under(key);
      if (below !== undefined) arrivals.push([target, below]);
    }
  }
  return root;
}
