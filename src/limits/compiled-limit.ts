import type { LimitDefinition, LimitMode, LimitRate, OnStoreError } from '../domain/limit.ts';
import { type Calendar, createCalendar } from './calendar.ts';
import { calendarPaceOf, type Pace, paceOf } from './gcra.ts';
import { compileKey, type KeyReader } from './keys.ts';

/** A limit with everything computed that does not depend on the request. */
export interface CompiledLimit {
  readonly name: string;
  /** Its place in the file; states are reported in this order. */
  readonly order: number;
  readonly mode: LimitMode;
  readonly onError: OnStoreError;
  readonly cost: number;
  /** Begins every key of this limit and of no other. */
  readonly keyPrefix: string;
  readonly keyOf: KeyReader;
  /** Present: counted in its windows. */
  readonly calendar?: Calendar;
  readonly paces: Paces;
  /** By principal. */
  readonly overrides: ReadonlyMap<string, Paces>;
  /** The largest capacities of them all. */
  readonly ceilings: Readonly<Record<keyof Paces, number>>;
}

export interface Paces {
  readonly shared: Pace;
  /** This replica's share, for when the shared store cannot answer. */
  readonly local: Pace;
}

/** @throws {RangeError} naming the limit whose rate cannot be counted. */
export function compileLimit(
  definition: LimitDefinition,
  order: number,
  replicas: number,
): CompiledLimit {
  const { name, mode, cost, calendar } = definition;
  const paceFor = calendar === undefined ? paceOf : calendarPaceOf;
  const pacesFor = (rate: LimitRate): Paces => {
    try {
      return { shared: paceFor(rate), local: paceFor(shareOf(rate, cost, replicas)) };
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new RangeError(`limit "${name}": ${why}`, { cause: error });
    }
  };
  const paces = pacesFor(definition);
  const overrides = overridesOf(definition, pacesFor);
  const all = [paces, ...overrides.values()];
  return {
    name,
    order,
    mode,
    // A shadow limit never refuses, whatever happens.
    onError: mode === 'shadow' && definition.onError === 'deny' ? 'allow' : definition.onError,
    cost,
    // Levels of another kind have keys of their own.
    keyPrefix: `${encodeURIComponent(name)}${calendar ? `/${calendar.unit}` : ''}:`,
    keyOf: compileKey(definition.by),
    ...(calendar && { calendar: createCalendar(calendar) }),
    paces,
    overrides,
    ceilings: {
      shared: Math.max(...all.map(({ shared }) => shared.capacityUs)),
      local: Math.max(...all.map(({ local }) => local.capacityUs)),
    },
  };
}

function overridesOf(
  definition: LimitDefinition,
  pacesFor: (rate: LimitRate) => Paces,
): ReadonlyMap<string, Paces> {
  const overrides = new Map<string, Paces>();
  for (const override of definition.overrides) {
    if (!overrides.has(override.caller)) overrides.set(override.caller, pacesFor(override));
  }
  return overrides;
}

/**
 * The share of one of `replicas`, rounded down, at least 1. The burst still holds one request at
 * the limit's own cost when the whole burst does; else a share would refuse everyone for ever.
 */
function shareOf({ quota, windowMs, burst }: LimitRate, cost: number, replicas: number): LimitRate {
  return {
    quota: Math.max(Math.floor(quota / replicas), 1),
    windowMs,
    burst: Math.max(Math.floor(burst / replicas), Math.min(cost, burst), 1),
  };
}
