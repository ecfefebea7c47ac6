import { type CivilTime, weekdayOf, yearDayOf } from '../time/civil-time.ts';
import type { ZoneOffset } from '../time/time-zone.ts';

/** What a layout is made of: the elements of Go's reference time, and text between them. */
export type LayoutPart = string | { readonly element: string };

/** Go's nextStdChunk. `Jan` and `Mon` before a small letter are text. */
const elements =
  /January|Jan(?![a-z])|Monday|Mon(?![a-z])|MST|0[1-6]|002|15|1|2006|2|_2(?!006)|__2|3|4|5|PM|pm|[-Z](?:070000|07:00:00|0700|07:00|07)|[.,](?:0+|9+)(?!\d)/g;

export function splitLayout(layout: string): LayoutPart[] {
  const parts: LayoutPart[] = [];
  let at = 0;
  for (const match of layout.matchAll(elements)) {
    if (match.index > at) parts.push(layout.slice(at, match.index));
    parts.push({ element: match[0] });
    at = match.index + match[0].length;
  }
  if (at < layout.length) parts.push(layout.slice(at));
  return parts;
}

/** The layouts that have a name in Go's time package. */
export const namedLayouts: ReadonlyMap<string, string> = new Map([
  ['ANSIC', 'Mon Jan _2 15:04:05 2006'],
  ['UnixDate', 'Mon Jan _2 15:04:05 MST 2006'],
  ['RubyDate', 'Mon Jan 02 15:04:05 -0700 2006'],
  ['RFC822', '02 Jan 06 15:04 MST'],
  ['RFC822Z', '02 Jan 06 15:04 -0700'],
  ['RFC850', 'Monday, 02-Jan-06 15:04:05 MST'],
  ['RFC1123', 'Mon, 02 Jan 2006 15:04:05 MST'],
  ['RFC1123Z', 'Mon, 02 Jan 2006 15:04:05 -0700'],
  ['RFC3339', '2006-01-02T15:04:05Z07:00'],
  ['RFC3339Nano', '2006-01-02T15:04:05.999999999Z07:00'],
]);

export const monthNames: readonly string[] = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

export const dayNames: readonly string[] = [
  'Sunday',
  'Monday',
  'Tuesday',
  'Wednesday',
  'Thursday',
  'Friday',
  'Saturday',
];

/** A moment as its zone shows it. */
export interface ZonedTime {
  readonly civil: CivilTime;
  /** Seconds since 1970 of the zone's own clock: for the weekday. */
  readonly localSeconds: number;
  readonly nanoseconds: number;
  readonly offset: ZoneOffset;
}

/** Go's Time.Format. */
export function formatTime(time: ZonedTime, layout: string): string {
  return splitLayout(layout)
    .map((part) => (typeof part === 'string' ? part : formatElement(time, part.element)))
    .join('');
}

const writers: Readonly<Record<string, (time: ZonedTime) => string>> = {
  January: ({ civil }) => monthNames[civil.month - 1] ?? '',
  Jan: ({ civil }) => (monthNames[civil.month - 1] ?? '').slice(0, 3),
  Monday: ({ localSeconds }) => dayNames[weekdayOf(localSeconds)] ?? '',
  Mon: ({ localSeconds }) => (dayNames[weekdayOf(localSeconds)] ?? '').slice(0, 3),
  MST: ({ offset }) => offset.name,
  '01': ({ civil }) => padded(civil.month, 2),
  '02': ({ civil }) => padded(civil.day, 2),
  '03': ({ civil }) => padded(hour12(civil), 2),
  '04': ({ civil }) => padded(civil.minute, 2),
  '05': ({ civil }) => padded(civil.second, 2),
  '06': ({ civil }) => padded(civil.year % 100, 2),
  '002': ({ civil }) => padded(yearDayOf(civil), 3),
  '15': ({ civil }) => padded(civil.hour, 2),
  '1': ({ civil }) => String(civil.month),
  '2006': ({ civil }) => padded(civil.year, 4),
  '2': ({ civil }) => String(civil.day),
  _2: ({ civil }) => String(civil.day).padStart(2),
  __2: ({ civil }) => String(yearDayOf(civil)).padStart(3),
  '3': ({ civil }) => String(hour12(civil)),
  '4': ({ civil }) => String(civil.minute),
  '5': ({ civil }) => String(civil.second),
  PM: ({ civil }) => (civil.hour >= 12 ? 'PM' : 'AM'),
  pm: ({ civil }) => (civil.hour >= 12 ? 'pm' : 'am'),
};

function formatElement(time: ZonedTime, element: string): string {
  const write = writers[element];
  if (write !== undefined) return write(time);
  const sign = element[0] ?? '';
  return sign === '.' || sign === ','
    ? formatFraction(time.nanoseconds, element)
    : formatOffset(time.offset.seconds, element);
}

/** Zeros keep their digits, nines drop the zeros at the end. */
function formatFraction(nanoseconds: number, element: string): string {
  const digits = padded(nanoseconds, 9)
    .padEnd(element.length - 1, '0')
    .slice(0, element.length - 1);
  const kept = element[1] === '9' ? digits.replace(/0+$/, '') : digits;
  return kept === '' ? '' : `${element[0]}${kept}`;
}

function formatOffset(seconds: number, element: string): string {
  if (element.startsWith('Z') && seconds === 0) return 'Z';
  const magnitude = Math.abs(seconds);
  const clock = [magnitude / 3600, (magnitude / 60) % 60, magnitude % 60];
  const count = element.replace(/\D/g, '').length / 2;
  const texts = clock.slice(0, count).map((part) => padded(Math.floor(part), 2));
  return (seconds < 0 ? '-' : '+') + texts.join(element.includes(':') ? ':' : '');
}

function hour12({ hour }: CivilTime): number {
  return hour % 12 === 0 ? 12 : hour % 12;
}

function padded(value: number, width: number): string {
  return String(value).padStart(width, '0');
}
