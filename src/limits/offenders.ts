import type { Clock } from '../domain/clock.ts';
import type { LimitQuestion } from '../domain/limits/limit.ts';
import type { Offender } from '../domain/limits/limit-bucket.ts';
import { addressIn } from './address.ts';
import type { LimitCharge } from './limit-charge.ts';
import { TopCounts } from './top-counts.ts';

type Address = Offender['counted'];
type Counts = Map<string, TopCounts<Address>>;

/** Each limit's; a few are enough to see who floods it. */
const maxOffenders = 10;
/** What is told is between one and two of these old. */
const periodMs = 10 * 60_000;
/** Of a value of strangers that is kept. */
const maxValueLength = 128;

/** Who is refused most often, by limit, of late, by this replica. */
export class Offenders {
  readonly #clock: Clock;
  #current: Counts = new Map();
  #previous: Counts = new Map();
  #beganMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#beganMs = clock.monotonicMs();
  }

  note({ limit, counted, policyKey }: LimitCharge, question: LimitQuestion): void {
    this.#turn();
    let counts = this.#current.get(limit.name);
    if (counts === undefined) {
      counts = new TopCounts(maxOffenders);
      this.#current.set(limit.name, counts);
    }
    counts.add(counted, () =>
      cut(policyKey === undefined ? addressIn(limit.by, question) : { key: policyKey }),
    );
  }

  /** By limit, and of each the worst first. */
  list(): readonly Offender[] {
    this.#turn();
    const limits = new Set([...this.#current.keys(), ...this.#previous.keys()]);
    return [...limits].toSorted().flatMap((limit) => this.#of(limit));
  }

  #of(limit: string): readonly Offender[] {
    const offenders = new Map<string, Offender>();
    for (const period of [this.#previous, this.#current]) {
      for (const [key, { about, count, overcount }] of period.get(limit)?.entries() ?? []) {
        const before = offenders.get(key) ?? { denied: 0, overcount: 0 };
        offenders.set(key, {
          limit,
          counted: about,
          denied: before.denied + count,
          overcount: before.overcount + overcount,
        });
      }
    }
    return [...offenders.values()].toSorted((a, b) => b.denied - a.denied).slice(0, maxOffenders);
  }

  #turn(): void {
    const ageMs = this.#clock.monotonicMs() - this.#beganMs;
    if (ageMs < periodMs) return;
    this.#previous = ageMs < 2 * periodMs ? this.#current : new Map<string, never>();
    this.#current = new Map();
    this.#beganMs = this.#clock.monotonicMs();
  }
}

function cut(address: Address): Address {
  return Object.fromEntries(
    Object.entries(address).map(([name, value]) => [name, value?.slice(0, maxValueLength) ?? null]),
  );
}
