import type { Limiter } from '../check/ports.ts';
import type { Clock } from '../domain/clock.ts';
import type { LimitDefinition, LimitQuestion, LimitState, LimitsVerdict } from '../domain/limit.ts';
import type { LimitRequest } from '../domain/policy.ts';
import { type CompiledLimit, compileLimit } from './compiled-limit.ts';
import { chargeFor, type LimitCharge, localShareOf } from './limit-charge.ts';
import { LimitMatcher } from './matcher.ts';
import type { LimitStore, LocalLimitStore } from './store.ts';
import { degradedState, verdictOf } from './verdict.ts';

/** What a limiter works with. It all outlives the limiter, so a reload keeps callers' places. */
export interface LimiterSurroundings {
  readonly store: LimitStore;
  /** Counts the limits with `onError: local` while `store` cannot answer. */
  readonly localStore: LocalLimitStore;
  /** How many replicas share the limits. */
  readonly replicas: number;
  readonly clock: Clock;
}

/** @throws {RangeError} naming a limit whose rate cannot be counted, or that is there twice. */
export function createLimiter(
  definitions: readonly LimitDefinition[],
  surroundings: LimiterSurroundings,
): Limiter {
  return new StoreLimiter(definitions, surroundings);
}

const unlimited: LimitsVerdict = Object.freeze({ outcome: 'within', states: Object.freeze([]) });

class StoreLimiter implements Limiter {
  readonly #matcher = new LimitMatcher();
  readonly #byName = new Map<string, CompiledLimit>();
  readonly #surroundings: LimiterSurroundings;

  constructor(definitions: readonly LimitDefinition[], surroundings: LimiterSurroundings) {
    this.#surroundings = surroundings;
    for (const [order, definition] of definitions.entries()) {
      const limit = compileLimit(definition, order, surroundings.replicas);
      if (this.#byName.has(limit.name))
        throw new RangeError(`limit "${limit.name}" is there twice`);
      this.#byName.set(limit.name, limit);
      if (definition.match !== undefined) this.#matcher.add(limit, definition.match);
    }
  }

  take(question: LimitQuestion, deadlineMs: number): Promise<LimitsVerdict> | LimitsVerdict {
    const fault = this.#faultIn(question.named);
    if (fault !== undefined) return unavailable(fault, []);
    const charges = this.#chargesFor(question);
    if (charges.length === 0) return unlimited;
    const taken = this.#surroundings.store.take(charges, deadlineMs);
    if (!(taken instanceof Promise)) return verdictOf(charges, taken);
    return taken.then(
      (answer) => verdictOf(charges, answer),
      (error: unknown) => this.#takeWithoutStore(charges, deadlineMs, error),
    );
  }

  /** A limit that a policy asks for and nobody can count must not be left out: that would allow. */
  #faultIn(named: readonly LimitRequest[]): string | undefined {
    for (const { name, cost } of named) {
      if (!this.#byName.has(name)) return `the policy names limit "${name}", which is not defined`;
      if (cost !== undefined && !(Number.isSafeInteger(cost) && cost >= 0)) {
        return `the policy gives limit "${name}" a cost that is not a whole number: ${cost}`;
      }
    }
    return undefined;
  }

  /** Where the policy names a limit that also matches, the policy's key and cost stand. */
  #chargesFor(question: LimitQuestion): readonly LimitCharge[] {
    const { request, named } = question;
    const nowMs = this.#surroundings.clock.nowMs();
    const charges: LimitCharge[] = [];
    for (const limit of this.#matcher.match(request)) {
      if (!named.some(({ name }) => name === limit.name))
        charges.push(chargeFor(limit, question, nowMs));
    }
    for (const requested of named) {
      const limit = this.#byName.get(requested.name);
      if (limit !== undefined) addOnce(charges, chargeFor(limit, question, nowMs, requested));
    }
    return charges;
  }

  /** Each limit says for itself what holds without its store; one `deny` is enough to refuse. */
  #takeWithoutStore(
    charges: readonly LimitCharge[],
    deadlineMs: number,
    error: unknown,
  ): LimitsVerdict {
    const late = this.#surroundings.clock.monotonicMs() >= deadlineMs;
    if (late || charges.some(({ limit }) => limit.onError === 'deny')) {
      const cause = error instanceof Error ? error.message : String(error);
      return unavailable(`the limit store did not answer: ${cause}`, charges.map(degradedState));
    }
    const shares = charges.filter(({ limit }) => limit.onError === 'local').map(localShareOf);
    const verdict = verdictOf(shares, this.#surroundings.localStore.take(shares));
    const skipped = charges.filter(({ limit }) => limit.onError === 'allow').map(degradedState);
    return { ...verdict, states: [...verdict.states.map(markLocal), ...skipped] };
  }
}

/** Two rules that name one limit for one key mean the same count: the greater cost is taken. */
function addOnce(charges: LimitCharge[], charge: LimitCharge): void {
  const index = charges.findIndex(({ key }) => key === charge.key);
  const present = charges[index];
  if (present === undefined) charges.push(charge);
  else if (present.cost < charge.cost) charges[index] = charge;
}

function unavailable(detail: string, states: readonly LimitState[]): LimitsVerdict {
  return { outcome: 'unavailable', states, detail };
}

function markLocal(state: LimitState): LimitState {
  return { ...state, degraded: 'local' };
}
