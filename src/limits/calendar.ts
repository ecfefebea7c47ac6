import type { CalendarUnit, CalendarWindow } from '../domain/limits/limit.ts';

/**
 * Four instants in microseconds since 1970 at which windows begin: the one before, this one, the
 * next, and the one after it. Whoever counts chooses by its own clock, so a replica whose clock is
 * off by less than a window counts in the same window as all.
 */
export type CalendarEdges = readonly [number, number, number, number];

export interface Calendar {
  readonly unit: CalendarUnit;
  edgesAt(nowMs: number): CalendarEdges;
}

const dayMs = 86_400_000;

/** @throws {RangeError} for a time zone that nobody knows. */
export function createCalendar({ unit, timeZone }: CalendarWindow): Calendar {
  const zone = new LocalDays(timeZone);
  const startUs = (day: number): number => 1000 * zone.startMs(day);
  let edges: CalendarEdges = [0, 0, 0, 0];
  return {
    unit,
    edgesAt(nowMs) {
      const [, begunUs, endUs] = edges;
      if (nowMs * 1000 >= begunUs && nowMs * 1000 < endUs) return edges;
      const first = firstDay[unit](zone.dayAt(nowMs));
      const next = nextDay[unit](first);
      const before = firstDay[unit](first - 1);
      edges = [startUs(before), startUs(first), startUs(next), startUs(nextDay[unit](next))];
      return edges;
    },
  };
}

/** When the window of that time ends; undefined when it is further off than the edges reach. */
export function windowEndUs([from, ...ends]: CalendarEdges, atUs: number): number | undefined {
  return atUs < from ? undefined : ends.find((endUs) => atUs < endUs);
}

/** Days are counted from 1970-01-01, a Thursday; weeks begin on Monday (ISO 8601). */
const firstDay: Readonly<Record<CalendarUnit, (day: number) => number>> = {
  day: (day) => day,
  week: (day) => day - ((day + 3) % 7),
  month: (day) => firstOfMonth(day, 0),
};

const nextDay: Readonly<Record<CalendarUnit, (first: number) => number>> = {
  day: (first) => first + 1,
  week: (first) => first + 7,
  month: (first) => firstOfMonth(first, 1),
};

function firstOfMonth(day: number, monthsLater: number): number {
  const date = new Date(day * dayMs);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + monthsLater, 1) / dayMs;
}

/** No place is further from UTC. */
const maxOffsetMs = 15 * 3_600_000;

class LocalDays {
  readonly #format: Intl.DateTimeFormat;

  constructor(timeZone: string) {
    this.#format = new Intl.DateTimeFormat('en-u-ca-gregory', {
      timeZone,
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
    });
  }

  dayAt(ms: number): number {
    const parts = this.#format.formatToParts(ms);
    const part = (name: string): number => Number(parts.find(({ type }) => type === name)?.value);
    return Date.UTC(part('year'), part('month') - 1, part('day')) / dayMs;
  }

  /** The first moment of the day: midnight, or later where the clocks are put forward over it. */
  startMs(day: number): number {
    let before = day * dayMs - maxOffsetMs;
    let within = day * dayMs + maxOffsetMs;
    while (within - before > 1) {
      const middle = Math.floor((before + within) / 2);
      if (this.dayAt(middle) >= day) within = middle;
      else before = middle;
    }
    return within;
  }
}
