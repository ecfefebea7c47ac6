import type { Clock } from '../domain/clock.ts';
import type { LimitDefinition, LimitMode, LimitQuestion } from '../domain/limits/limit.ts';
import { addressIn } from './address.ts';
import type { LimitCharge } from './limit-charge.ts';
import { LimitTable } from './limit-table.ts';
import { MemoryLimitStore } from './stores/memory-store.ts';
import { type Counted, TopCounts } from './top-counts.ts';
import { verdictOf } from './verdict.ts';

/** A request that once came to its limits. */
export interface PastRequest {
  readonly atMs: number;
  readonly question: LimitQuestion;
  /** Whether the limits of then refused it. */
  readonly wasRefused: boolean;
  /** By which. */
  readonly refusedBy: ReadonlySet<string>;
}

export interface SimulatedLimit {
  readonly limit: string;
  readonly mode: LimitMode;
  readonly asked: number;
  /** How often it would have refused, and how often it did. */
  readonly refused: number;
  readonly wasRefused: number;
  readonly firstRefusedMs?: number;
  readonly lastRefusedMs?: number;
  /** Whom it would have refused, the most often first. */
  readonly top: readonly Counted<Readonly<Record<string, string | null>>>[];
}

export interface SimulatedTotals {
  readonly requests: number;
  readonly refused: number;
  readonly wasRefused: number;
  readonly newlyRefused: number;
  readonly newlyAdmitted: number;
}

const trackedCallers = 200;
const toldCallers = 10;

interface Tally {
  readonly mode: LimitMode;
  readonly top: TopCounts<Readonly<Record<string, string | null>>>;
  asked: number;
  refused: number;
  wasRefused: number;
  firstRefusedMs?: number;
  lastRefusedMs?: number;
}

/** What limits would have done to requests of the past, at the times at which they came. */
export class LimitSimulation {
  readonly #clock = new PastClock();
  readonly #store = new MemoryLimitStore(this.#clock);
  readonly #table: LimitTable;
  readonly #tallies: ReadonlyMap<string, Tally>;
  readonly #totals = {
    requests: 0,
    refused: 0,
    wasRefused: 0,
    newlyRefused: 0,
    newlyAdmitted: 0,
  };

  /** @throws {RangeError} naming a limit whose rate cannot be counted, or that is there twice. */
  constructor(definitions: readonly LimitDefinition[]) {
    this.#table = new LimitTable(definitions, () => none);
    this.#tallies = new Map(definitions.map(({ name, mode }) => [name, emptyTally(mode)]));
  }

  /** In the order in which they came; what is out of order counts as of the one before it. */
  add({ atMs, question, wasRefused, refusedBy }: PastRequest): void {
    this.#clock.advanceTo(atMs);
    // As the server: what nobody can count must not be left out.
    const isUnknown = question.named.some(({ name }) => this.#table.get(name) === undefined);
    const { taken: charges } = this.#table.chargesFor(question, atMs);
    const taken = isUnknown ? undefined : this.#store.take(charges);
    const isRefused = taken?.admitted !== true;
    this.#count(isRefused, wasRefused);
    for (const name of refusedBy) {
      const tally = this.#tallies.get(name);
      if (tally !== undefined) tally.wasRefused += 1;
    }
    if (taken === undefined) return;
    for (const [index, { result }] of verdictOf(charges, taken).states.entries()) {
      const charge = charges[index];
      if (charge !== undefined) this.#tell(charge, result === 'over', question, atMs);
    }
  }

  get totals(): SimulatedTotals {
    return this.#totals;
  }

  limits(): readonly SimulatedLimit[] {
    return Array.from(this.#tallies, ([limit, { top, ...tally }]) => ({
      limit,
      ...tally,
      top: top.top().slice(0, toldCallers),
    }));
  }

  #count(isRefused: boolean, wasRefused: boolean): void {
    this.#totals.requests += 1;
    if (isRefused) this.#totals.refused += 1;
    if (wasRefused) this.#totals.wasRefused += 1;
    if (isRefused && !wasRefused) this.#totals.newlyRefused += 1;
    if (wasRefused && !isRefused) this.#totals.newlyAdmitted += 1;
  }

  #tell(
    { limit, counted, policyKey }: LimitCharge,
    isOver: boolean,
    question: LimitQuestion,
    atMs: number,
  ): void {
    const tally = this.#tallies.get(limit.name);
    if (tally === undefined) return;
    tally.asked += 1;
    if (!isOver) return;
    tally.refused += 1;
    tally.firstRefusedMs ??= atMs;
    tally.lastRefusedMs = atMs;
    tally.top.add(counted, () =>
      policyKey === undefined ? addressIn(limit.by, question) : { key: policyKey },
    );
  }
}

const none: readonly never[] = [];

function emptyTally(mode: LimitMode): Tally {
  return { mode, top: new TopCounts(trackedCallers), asked: 0, refused: 0, wasRefused: 0 };
}

/** Stands where the last request was. */
class PastClock implements Clock {
  #ms = 0;

  nowMs(): number {
    return this.#ms;
  }

  monotonicMs(): number {
    return this.#ms;
  }

  advanceTo(ms: number): void {
    this.#ms = Math.max(this.#ms, ms);
  }
}
