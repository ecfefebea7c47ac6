import { messageOf } from '../domain/fault-message.ts';
import type { LimitDefinition, LimitMode, OnStoreError } from '../domain/limits/limit.ts';
import { type Calendar, createCalendar } from './calendar.ts';
import { compileKey, type KeyReader, partName } from './keys.ts';
import { type PaceTable, paceTableOf, type Rates, shareReader } from './pace-table.ts';

/** A limit with everything computed that does not depend on the request. */
export interface CompiledLimit {
  readonly name: string;
  /** Its place in the file; states are reported in this order. */
  readonly order: number;
  readonly mode: LimitMode;
  readonly onError: OnStoreError;
  readonly cost: number;
  /** Of its service alone, where it matches one. */
  readonly service?: string;
  /** Begins every key of this limit and of no other. */
  readonly keyPrefix: string;
  readonly keyOf: KeyReader;
  /** What it is counted by, in the words of the file. */
  readonly by: readonly string[];
  /** Present: counted in its windows. */
  readonly calendar?: Calendar;
  readonly rates: Rates;
  readonly paces: PaceTable;
  /** The paces of one of so many replicas. */
  readonly shareOf: (replicas: number) => PaceTable;
  /** The emergency override that made it what it is. */
  readonly override?: string;
  /** It is neither counted nor enforced: the override says so. */
  readonly isOff: boolean;
}

/** @throws {RangeError} naming the limit whose rate cannot be counted. */
export function compileLimit(definition: LimitDefinition, order: number): CompiledLimit {
  const { name, mode, cost, calendar, by, match, lease } = definition;
  const { quota, windowMs, burst, overrides } = definition;
  const isCalendar = calendar !== undefined;
  return {
    name,
    order,
    mode,
    onError: onErrorIn(mode, definition.onError),
    cost,
    ...(match?.service !== undefined && { service: match.service }),
    // Levels of another kind have keys of their own.
    keyPrefix: `${encodeURIComponent(name)}${calendar ? `/${calendar.unit}` : ''}:`,
    keyOf: compileKey(by),
    by: by.map(partName),
    ...(calendar && { calendar: createCalendar(calendar) }),
    ...pacesFrom(
      { quota, windowMs, burst, overrides, isCalendar, cost, ...(lease && { lease }) },
      name,
    ),
    isOff: false,
  };
}

/** A shadow limit never refuses, whatever happens. */
export function onErrorIn(mode: LimitMode, onError: OnStoreError): OnStoreError {
  return mode === 'shadow' && onError === 'deny' ? 'allow' : onError;
}

/** @throws {RangeError} naming the limit whose rate cannot be counted. */
export function pacesFrom(
  rates: Rates,
  name: string,
): Pick<CompiledLimit, 'rates' | 'paces' | 'shareOf'> {
  try {
    return { rates, paces: paceTableOf(rates), shareOf: shareReader(rates) };
  } catch (error) {
    const why = messageOf(error);
    throw new RangeError(`limit "${name}": ${why}`, { cause: error });
  }
}
