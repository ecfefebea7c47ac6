import type { LimitDefinition, LimitQuestion } from '../domain/limits/limit.ts';
import type { EmergencyOverride } from '../domain/limits/limit-override.ts';
import type { LimitRequest } from '../domain/decision/policy.ts';
import { type CompiledLimit, compileLimit } from './compiled-limit.ts';
import { chargeFor, type LimitCharge } from './limit-charge.ts';
import { LimitMatcher } from './matcher.ts';
import { OverriddenLimits } from './overridden-limits.ts';

/** What a request has to be taken from. */
export interface Charges {
  readonly taken: readonly LimitCharge[];
  /** Limits that apply, and that an operator has turned off. */
  readonly off: readonly CompiledLimit[];
}

/** The limits of a file, as emergency overrides change them. */
export class LimitTable {
  readonly #matcher = new LimitMatcher();
  readonly #byName = new Map<string, CompiledLimit>();
  readonly #overrides: () => readonly EmergencyOverride[];
  #appliedOverrides: readonly EmergencyOverride[] = [];
  #overridden = new OverriddenLimits(new Map(), []);

  /** @throws {RangeError} naming a limit whose rate cannot be counted, or that is there twice. */
  constructor(
    definitions: readonly LimitDefinition[],
    overrides: () => readonly EmergencyOverride[],
  ) {
    this.#overrides = overrides;
    for (const [order, definition] of definitions.entries()) {
      const limit = compileLimit(definition, order);
      if (this.#byName.has(limit.name))
        throw new RangeError(`limit "${limit.name}" is there twice`);
      this.#byName.set(limit.name, limit);
      if (definition.match !== undefined) this.#matcher.add(limit, definition.match);
    }
  }

  all(): Iterable<CompiledLimit> {
    return this.#byName.values();
  }

  names(): readonly string[] {
    return [...this.#byName.keys()];
  }

  get(name: string): CompiledLimit | undefined {
    return this.#byName.get(name);
  }

  /** Where the policy names a limit that also matches, the policy's key and cost stand. */
  chargesFor(question: LimitQuestion, nowMs: number): Charges {
    const { request, named, caller } = question;
    const taken: LimitCharge[] = [];
    const off: CompiledLimit[] = [];
    for (const matching of this.#matcher.match(request)) {
      if (named.some(({ name }) => name === matching.name)) continue;
      const limit = this.inForce(matching, caller?.principal);
      if (limit.isOff) off.push(limit);
      else taken.push(chargeFor(limit, question, nowMs));
    }
    for (const requested of named) {
      const limit = this.#named(requested, caller?.principal);
      if (limit?.isOff === true) off.push(limit);
      else if (limit !== undefined) addOnce(taken, chargeFor(limit, question, nowMs, requested));
    }
    return { taken, off };
  }

  /** The list of overrides is another one whenever it has changed. */
  inForce(limit: CompiledLimit, caller: string | undefined): CompiledLimit {
    const overrides = this.#overrides();
    if (overrides !== this.#appliedOverrides) {
      this.#appliedOverrides = overrides;
      this.#overridden = new OverriddenLimits(this.#byName, overrides);
    }
    return this.#overridden.inForce(limit, caller);
  }

  #named({ name }: LimitRequest, caller: string | undefined): CompiledLimit | undefined {
    const limit = this.#byName.get(name);
    return limit && this.inForce(limit, caller);
  }
}

/** Two rules that name one limit for one key mean the same count: the greater cost is taken. */
function addOnce(charges: LimitCharge[], charge: LimitCharge): void {
  const index = charges.findIndex(({ key }) => key === charge.key);
  const present = charges[index];
  if (present === undefined) charges.push(charge);
  else if (present.cost < charge.cost) charges[index] = charge;
}
