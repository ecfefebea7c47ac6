import {
  calendarUnits,
  type CalendarUnit,
  type CalendarWindow,
  type LimitRate,
} from '../../domain/limits/limit.ts';
import { leaf } from '../schema/leaf.ts';
import { conflictIf, type Conflict } from '../schema/schema.ts';
import { parseRate, type Rate } from '../schema/units.ts';
import { integer } from '../schema/values.ts';

/** How much, as it is written: a rate, with or without its burst, or a quota. */
export interface WrittenRate {
  readonly rate?: Rate;
  readonly burst?: number;
  readonly quota?: Quota;
}

interface Quota {
  readonly count: number;
  readonly unit: CalendarUnit;
}

const maxUnits = 1_000_000_000;
const maxWindowMs = 744 * 3_600_000;
/** Buckets are kept in microseconds, one at least for a unit. */
const maxUnitsEachMs = 1000;
/** Longer than any window; keeps every sum of microseconds exact. */
const maxFillMs = 366 * 24 * 3_600_000;

export const rate = leaf({
  type: 'rate',
  expected:
    'a count and a time up to 744h, such as 100/1m or 10000/24h, of at most 1000000 a second',
  yamlType: 'string',
  parse: (value) => {
    const parsed = parseRate(value);
    return parsed !== undefined && isWithinBounds(parsed) ? parsed : undefined;
  },
});

function isWithinBounds({ quota: count, windowMs }: Rate): boolean {
  return (
    count >= 1 && windowMs >= 1 && windowMs <= maxWindowMs && count <= windowMs * maxUnitsEachMs
  );
}

export const units = integer(1, maxUnits);

export const quota = leaf({
  type: 'quota',
  expected: `a count and one of ${calendarUnits.join(', ')}, such as 1000/day`,
  yamlType: 'string',
  parse: parseQuota,
});

function parseQuota(value: string): Quota | undefined {
  const [, digits = '', window] = /^(\d{1,9})\/(\w+)$/.exec(value) ?? [];
  const unit = calendarUnits.find((each) => each === window);
  return unit === undefined || Number(digits) < 1 ? undefined : { count: Number(digits), unit };
}

/** A window's usual length. */
const windowMsOf: Readonly<Record<CalendarUnit, number>> = {
  day: 24 * 3_600_000,
  week: 7 * 24 * 3_600_000,
  month: 30 * 24 * 3_600_000,
};

/** Only of what {@link rateConflicts} finds nothing wrong with; else without a bound. */
export function toRate({ rate: given, burst, quota: counted }: WrittenRate): LimitRate {
  if (counted !== undefined) {
    return { quota: counted.count, windowMs: windowMsOf[counted.unit], burst: counted.count };
  }
  const { quota: count, windowMs } = given ?? { quota: Infinity, windowMs: 0 };
  return { quota: count, windowMs, burst: burst ?? count };
}

export function toCalendar(counted: Quota, zone = 'UTC'): CalendarWindow {
  return { unit: counted.unit, timeZone: zone };
}

export function rateConflicts(written: WrittenRate): readonly Conflict[] {
  const { rate: given, burst, quota: counted } = written;
  if (given === undefined && counted === undefined) {
    const message = 'is missing; give a rate such as 100/1m, or a quota such as 1000/day';
    return [{ key: 'rate', message }];
  }
  return [
    ...conflictIf(
      given !== undefined && counted !== undefined,
      'quota',
      'stands beside a rate; keep one, or make two limits of them',
    ),
    ...conflictIf(
      burst !== undefined && counted !== undefined,
      'burst',
      'is of a rate; a quota may be used up at once',
    ),
    ...burstConflicts(toRate(written)),
  ];
}

function burstConflicts({ quota: count, windowMs, burst }: LimitRate): readonly Conflict[] {
  const message = `is ${burst}, which takes more than a year to come back at this rate; lower it`;
  return conflictIf((burst * windowMs) / count > maxFillMs, 'burst', message);
}
