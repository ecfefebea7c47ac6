import type { ScriptRunner } from '../../domain/script-runner.ts';
import type { Clock } from '../../domain/clock.ts';
import { fits } from '../gcra.ts';
import type { Charge, EmptyableStore, Taken } from './store.ts';
import { type LaneObserver, TakeLane, type TakenAt } from './take-lane.ts';

/** Hash tags in a cluster: few, so that requests can share calls; enough for a dozen masters. */
const clusterLanes = 64;

export interface RedisStoreOptions {
  /** Without braces. */
  readonly keyPrefix: string;
  /** A cluster takes keys in one call only where they have one slot. */
  readonly isCluster: boolean;
  /** Told when a server, or one of several, stops answering, and when all do again. */
  readonly observer: LaneObserver;
}

/** The charges of one request that one call can take, and their places among all of them. */
interface Part {
  readonly lane: TakeLane;
  readonly charges: Charge[];
  readonly places: number[];
}

/**
 * Counts in Redis, for all replicas. In a cluster what is counted by the same caller (service, …)
 * shares a hash tag, so its limits are taken at once. Limits of one request that are counted
 * by different things may be in different slots: those are taken in turn, and what was taken is
 * given back when a later one refuses.
 */
export class RedisLimitStore implements EmptyableStore {
  readonly #lanes: readonly [TakeLane, ...TakeLane[]];

  constructor(runner: ScriptRunner, options: RedisStoreOptions, clock: Clock) {
    const { keyPrefix, isCluster } = options;
    const observer = observerOfAll(options.observer);
    const laneWith = (prefix: string): TakeLane => new TakeLane(runner, prefix, clock, observer);
    const tagged = (tag: number): TakeLane => laneWith(`${keyPrefix}{${tag}}`);
    this.#lanes = isCluster
      ? [tagged(0), ...Array.from({ length: clusterLanes - 1 }, (_, index) => tagged(index + 1))]
      : [laneWith(keyPrefix)];
  }

  take(charges: readonly Charge[], deadlineMs: number): Promise<Taken> {
    const [only] = this.#lanes;
    if (this.#lanes.length === 1) return only.take(charges, deadlineMs);
    const parts = this.#partsOf(charges);
    const [first] = parts;
    return parts.length === 1 && first !== undefined
      ? first.lane.take(charges, deadlineMs)
      : takeInTurn(parts, charges.length, deadlineMs);
  }

  async empty(charges: readonly Charge[], deadlineMs: number): Promise<void> {
    const everything = charges.map((charge) => ({ ...charge, amount: Number.MAX_SAFE_INTEGER }));
    await Promise.all(
      // As of a charge that is still to come, so that nothing has drained of it.
      this.#partsOf(everything).map((part) =>
        part.lane.refund(part.charges, Number.MAX_SAFE_INTEGER, deadlineMs),
      ),
    );
  }

  /** What is counted for all comes last: it is then never held for a request that another refuses. */
  #partsOf(charges: readonly Charge[]): readonly Part[] {
    const parts = new Map<TakeLane, Part>();
    const forAll = new Map<TakeLane, Part>();
    for (const [place, charge] of charges.entries()) {
      const lane = this.#laneOf(charge.counted);
      const known = charge.counted === '' && !parts.has(lane) ? forAll : parts;
      const part = known.get(lane) ?? { lane, charges: [], places: [] };
      part.charges.push(charge);
      part.places.push(place);
      known.set(lane, part);
    }
    return [...parts.values(), ...forAll.values()];
  }

  #laneOf(counted: string): TakeLane {
    return this.#lanes[hashOf(counted) % this.#lanes.length] ?? this.#lanes[0];
  }
}

/** Closed only when every lane is. */
function observerOfAll(observer: LaneObserver): LaneObserver {
  let open = 0;
  return {
    opened(cause) {
      open += 1;
      if (open === 1) observer.opened(cause);
    },
    closed() {
      open -= 1;
      if (open === 0) observer.closed();
    },
  };
}

/** Each part is charged before the request is admitted, so no limit is ever exceeded. */
async function takeInTurn(
  parts: readonly Part[],
  count: number,
  deadlineMs: number,
): Promise<Taken> {
  const levels = Array.from<number | undefined>({ length: count });
  let atUs = 0;
  const charged: { readonly part: Part; readonly taken: TakenAt }[] = [];
  try {
    for (const part of parts) {
      const taken = await part.lane.take(part.charges, deadlineMs);
      for (const [index, place] of part.places.entries()) levels[place] = taken.levels[index];
      ({ atUs } = taken);
      if (!taken.admitted) {
        await giveBack(charged);
        return { admitted: false, levels, atUs };
      }
      charged.push({ part, taken });
    }
    return { admitted: true, levels, atUs };
  } catch (error) {
    await giveBack(charged);
    throw error;
  }
}

/** Only what was charged: a limit in shadow mode may not have been. What cannot be given back stays taken. */
async function giveBack(
  charged: readonly { readonly part: Part; readonly taken: TakenAt }[],
): Promise<void> {
  const refunds = charged.map(async ({ part, taken }) => {
    const fitted = part.charges.filter(({ amount, capacity }, index) =>
      fits(taken.levels[index] ?? Infinity, amount, capacity),
    );
    if (fitted.length > 0) await part.lane.refund(fitted, taken.atUs, Infinity);
  });
  await Promise.allSettled(refunds);
}

/** FNV-1a, 32 bits: only spreads, keeps no secret. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}
