import type { EmergencyOverride } from '../domain/limits/limit-override.ts';
import { type CompiledLimit, onErrorIn, pacesFrom } from './compiled-limit.ts';

/** A limit as it stands for those whom an override names, and for everybody else. */
interface Variants {
  readonly byCaller: ReadonlyMap<string, CompiledLimit>;
  readonly others: CompiledLimit;
}

/** What emergency overrides make of limits; computed when they change. */
export class OverriddenLimits {
  readonly #variants: ReadonlyMap<CompiledLimit, Variants>;

  constructor(limits: ReadonlyMap<string, CompiledLimit>, overrides: readonly EmergencyOverride[]) {
    const variants = new Map<CompiledLimit, Variants>();
    for (const limit of limits.values()) {
      const its = overrides.filter((each) => each.limit === limit.name && countsAlike(each, limit));
      if (its.length > 0) variants.set(limit, variantsOf(limit, its));
    }
    this.#variants = variants;
  }

  inForce(limit: CompiledLimit, caller: string | undefined): CompiledLimit {
    if (this.#variants.size === 0) return limit;
    const variants = this.#variants.get(limit);
    if (variants === undefined) return limit;
    return (caller === undefined ? undefined : variants.byCaller.get(caller)) ?? variants.others;
  }
}

/** A rate says nothing of windows, nor the other way round; the file may have changed since. */
function countsAlike({ change }: EmergencyOverride, { calendar }: CompiledLimit): boolean {
  return change.kind !== 'rate' || change.unit === calendar?.unit;
}

/** Of several for the same, the last holds. */
function variantsOf(limit: CompiledLimit, overrides: readonly EmergencyOverride[]): Variants {
  const forAll = overrides.findLast(({ caller }) => caller === undefined);
  const others = forAll === undefined ? limit : applied(limit, forAll);
  const byCaller = new Map<string, CompiledLimit>();
  for (const override of overrides) {
    if (override.caller !== undefined) byCaller.set(override.caller, applied(limit, override));
  }
  // Callers may share a bucket: whom a lower capacity holds for must not lower it for the others.
  const ceiling = Math.max(...[others, ...byCaller.values()].map(({ paces }) => paces.ceiling));
  const raised = (variant: CompiledLimit): CompiledLimit => ({
    ...variant,
    paces: { ...variant.paces, ceiling },
  });
  return {
    others: raised(others),
    byCaller: new Map(Array.from(byCaller, ([caller, variant]) => [caller, raised(variant)])),
  };
}

function applied(limit: CompiledLimit, { id, change }: EmergencyOverride): CompiledLimit {
  switch (change.kind) {
    case 'off':
      return { ...limit, override: id, isOff: true };
    case 'shadow':
      return {
        ...limit,
        override: id,
        mode: 'shadow',
        onError: onErrorIn('shadow', limit.onError),
      };
    case 'rate': {
      // Nothing is taken ahead under a rate that nobody has seen beside the lease.
      const { lease: _, ...own } = limit.rates;
      const rates = { ...own, ...change.rate, overrides: [] };
      return { ...limit, override: id, ...pacesFrom(rates, limit.name) };
    }
    default:
      return change satisfies never;
  }
}
