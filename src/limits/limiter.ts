import type { Limiter } from '../check/ports.ts';
import type { Clock } from '../domain/clock.ts';
import { messageOf } from '../domain/fault-message.ts';
import type { LimitQuestion, LimitState, LimitsVerdict } from '../domain/limits/limit.ts';
import type { EmergencyOverride } from '../domain/limits/limit-override.ts';
import type { LimitRequest } from '../domain/decision/policy.ts';
import { type LimitCharge, localShareOf } from './limit-charge.ts';
import type { Charges, LimitTable } from './limit-table.ts';
import type { Offenders } from './offenders.ts';
import type { LimitStore, LocalLimitStore, Taken } from './stores/store.ts';
import { degradedState, offState, verdictOf } from './verdict.ts';

/** What a limiter works with. It all outlives the limiter, so a reload keeps callers' places. */
export interface LimiterSurroundings {
  readonly store: LimitStore;
  /** Counts the limits with `onError: local` while `store` cannot answer. */
  readonly localStore: LocalLimitStore;
  /** How many replicas share the limits, now. */
  readonly replicas: () => number;
  /** Those that hold now, in the order in which they were set; another list when they change. */
  readonly overrides: () => readonly EmergencyOverride[];
  readonly offenders: Offenders;
  readonly clock: Clock;
}

export function createLimiter(table: LimitTable, surroundings: LimiterSurroundings): Limiter {
  return new StoreLimiter(table, surroundings);
}

const unlimited: LimitsVerdict = Object.freeze({ outcome: 'within', states: Object.freeze([]) });

class StoreLimiter implements Limiter {
  readonly #table: LimitTable;
  readonly #surroundings: LimiterSurroundings;

  constructor(table: LimitTable, surroundings: LimiterSurroundings) {
    this.#table = table;
    this.#surroundings = surroundings;
  }

  take(question: LimitQuestion, deadlineMs: number): Promise<LimitsVerdict> | LimitsVerdict {
    const fault = this.#faultIn(question.named);
    if (fault !== undefined) return unavailable(fault, []);
    const { clock, store } = this.#surroundings;
    const charges = this.#table.chargesFor(question, clock.nowMs());
    if (charges.taken.length === 0) return withOff(unlimited, charges);
    const taken = store.take(charges.taken, deadlineMs);
    if (!(taken instanceof Promise)) return this.#judge(charges, taken, question);
    return taken.then(
      (answer) => this.#judge(charges, answer, question),
      (error: unknown) => this.#takeWithoutStore(charges, deadlineMs, error),
    );
  }

  /** A limit that a policy asks for and nobody can count must not be left out: that would allow. */
  #faultIn(named: readonly LimitRequest[]): string | undefined {
    for (const { name, cost } of named) {
      if (this.#table.get(name) === undefined)
        return `the policy names limit "${name}", which is not defined`;
      if (cost !== undefined && !(Number.isSafeInteger(cost) && cost >= 0)) {
        return `the policy gives limit "${name}" a cost that is not a whole number: ${cost}`;
      }
    }
    return undefined;
  }

  #judge(charges: Charges, taken: Taken, question: LimitQuestion): LimitsVerdict {
    const verdict = verdictOf(charges.taken, taken);
    for (const [index, charge] of charges.taken.entries()) {
      if (verdict.states[index]?.result === 'over') {
        this.#surroundings.offenders.note(charge, question);
      }
    }
    return withOff(verdict, charges);
  }

  /** Each limit says for itself what holds without its store; one `deny` is enough to refuse. */
  #takeWithoutStore(charges: Charges, deadlineMs: number, error: unknown): LimitsVerdict {
    const { taken } = charges;
    const { clock, localStore, replicas } = this.#surroundings;
    const late = clock.monotonicMs() >= deadlineMs;
    if (late || taken.some(({ limit }) => limit.onError === 'deny')) {
      const cause = messageOf(error);
      return unavailable(`the limit store did not answer: ${cause}`, taken.map(degradedState));
    }
    const shares = countedBy('local', taken).map((charge) => localShareOf(charge, replicas()));
    const verdict = verdictOf(shares, localStore.take(shares));
    const skipped = countedBy('allow', taken).map(degradedState);
    return withOff({ ...verdict, states: [...verdict.states.map(markLocal), ...skipped] }, charges);
  }
}

function countedBy(
  onError: 'allow' | 'local',
  charges: readonly LimitCharge[],
): readonly LimitCharge[] {
  return charges.filter(({ limit }) => limit.onError === onError);
}

function withOff(verdict: LimitsVerdict, { off }: Charges): LimitsVerdict {
  return off.length === 0
    ? verdict
    : { ...verdict, states: [...verdict.states, ...off.map(offState)] };
}

function unavailable(detail: string, states: readonly LimitState[]): LimitsVerdict {
  return { outcome: 'unavailable', states, detail };
}

function markLocal(state: LimitState): LimitState {
  return { ...state, degraded: 'local' };
}
