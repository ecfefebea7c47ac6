import { type TimeWindow, weekdays } from '../../domain/access/access.ts';
import type { Relation } from './relation.ts';

const dayMinutes = 24 * 60;
const weekMinutes = 7 * dayMinutes;

/** Minute by minute of the week, in each time zone by itself. */
export const timeWindows: Relation<readonly TimeWindow[]> = {
  covers: (wide, narrow) =>
    Array.from(Map.groupBy(narrow, ({ timeZone }) => timeZone)).every(([timeZone, windows]) => {
      const open = openMinutes(wide.filter((window) => window.timeZone === timeZone));
      return openMinutes(windows).every((isOpen, minute) => !isOpen || open[minute] === 1);
    }),
  meets: () => true,
};

function openMinutes(windows: readonly TimeWindow[]): Uint8Array {
  const week = new Uint8Array(weekMinutes);
  for (const { days, fromMinute, toMinute } of windows) {
    const length = toMinute - fromMinute + (fromMinute < toMinute ? 0 : dayMinutes);
    for (const day of days) {
      const begin = weekdays.indexOf(day) * dayMinutes + fromMinute;
      for (let minute = begin; minute < begin + length; minute += 1) week[minute % weekMinutes] = 1;
    }
  }
  return week;
}
