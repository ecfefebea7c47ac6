/** A moment on the calendar and the clock of some zone. Months count from 1. */
export interface CivilTime {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

/** Seconds from 1970 to a calendar's moment; what overflows a month or a day carries over. */
export function civilSeconds(civil: CivilTime): number {
  const { year, month, day, hour, minute, second } = civil;
  const monthIndex = month - 1;
  const days =
    daysFrom1970(year + Math.floor(monthIndex / 12), modulo(monthIndex, 12) + 1) + day - 1;
  return days * 86_400 + hour * 3600 + minute * 60 + second;
}

export function civilOf(seconds: number): CivilTime {
  const days = Math.floor(seconds / 86_400);
  const rest = modulo(seconds, 86_400);
  return {
    ...dateOf(days),
    hour: Math.floor(rest / 3600),
    minute: Math.floor(rest / 60) % 60,
    second: rest % 60,
  };
}

/** 0 is Sunday. */
export function weekdayOf(seconds: number): number {
  return modulo(Math.floor(seconds / 86_400) + 4, 7);
}

export function yearDayOf({ year, month, day }: CivilTime): number {
  return daysFrom1970(year, month) + day - daysFrom1970(year, 1);
}

export function daysIn(year: number, month: number): number {
  return daysFrom1970(month === 12 ? year + 1 : year, (month % 12) + 1) - daysFrom1970(year, month);
}

/** Days to the first of a month; eras of 400 years that begin in March make leap days the last. */
function daysFrom1970(year: number, month: number): number {
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5);
  const dayOfEra =
    yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

function dateOf(days: number): Pick<CivilTime, 'year' | 'month' | 'day'> {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1,
  };
}

function modulo(value: number, divisor: number): number {
  return value - Math.floor(value / divisor) * divisor;
}
