import type { LimitRate } from '../domain/limits/limit.ts';

/**
 * The generic cell rate algorithm (ITU-T I.371) in whole microseconds. A key's state is one
 * number, the theoretical arrival time (TAT): when the bucket will have drained. The bucket's level is
 * how far the TAT lies ahead of now.
 */
export interface Pace {
  readonly quota: number;
  readonly windowMs: number;
  /** What one unit costs. */
  readonly intervalUs: number;
  /** The highest level: the burst. */
  readonly capacityUs: number;
}

/** Of a window of the calendar: nothing drains, so what is counted are units. */
export function calendarPaceOf({ quota, windowMs }: LimitRate): Pace {
  if (!isCount(quota)) throw new RangeError('quota must be positive and whole');
  return { quota, windowMs, intervalUs: 1, capacityUs: quota };
}

/** 142 years. With the time since 1970 added it is still an exact integer in a double. */
export const maxCapacityUs = 2 ** 52;

/**
 * The interval is rounded up, so a caller never gets more than the rate; below 1 % less up to
 * 10,000 units a second.
 * @throws {RangeError} when the rate cannot be counted in whole microseconds.
 */
export function paceOf({ quota, windowMs, burst }: LimitRate): Pace {
  if (!isCount(quota) || !isCount(burst) || !(windowMs > 0)) {
    throw new RangeError('quota, window and burst must be positive, quota and burst whole');
  }
  if (quota > windowMs * 1000) throw new RangeError('more than 1000000 units a second');
  const intervalUs = Math.ceil((windowMs * 1000) / quota);
  const capacityUs = burst * intervalUs;
  if (capacityUs > maxCapacityUs) {
    throw new RangeError('the burst takes longer than 142 years to come back');
  }
  return { quota, windowMs, intervalUs, capacityUs };
}

export function levelOf(tatUs: number | undefined, nowUs: number): number {
  return tatUs === undefined ? 0 : Math.max(tatUs - nowUs, 0);
}

/** Written so that a NaN does not fit. */
export function fits(levelUs: number, amountUs: number, capacityUs: number): boolean {
  return levelUs + amountUs <= capacityUs;
}

/** Whole units that could be taken at once. */
export function remainingUnits(pace: Pace, levelUs: number): number {
  return Math.max(Math.floor((pace.capacityUs - levelUs) / pace.intervalUs), 0);
}

/** Milliseconds until the bucket is full, rounded up. */
export function resetMs(levelUs: number): number {
  return Math.ceil(levelUs / 1000);
}

/** Milliseconds until the cost fits, rounded up so that nobody is told to come back too early. */
export function retryAfterMs(levelUs: number, amountUs: number, capacityUs: number): number {
  if (amountUs > capacityUs) return Infinity;
  return Math.max(Math.ceil((levelUs + amountUs - capacityUs) / 1000), 0);
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 1;
}
