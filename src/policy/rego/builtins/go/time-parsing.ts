import { BuiltinError } from '../../builtin.ts';
import { civilSeconds, daysIn } from '../time/civil-time.ts';
import { dayNames, type LayoutPart, monthNames, splitLayout } from './layout.ts';

/** What the elements of a layout read. Absent parts are Go's: January 1st of year 0, midnight. */
interface ReadTime {
  year: number;
  month: number | undefined;
  day: number | undefined;
  yearDay: number | undefined;
  hour: number;
  minute: number;
  second: number;
  nanoseconds: number;
  afternoon: boolean | undefined;
  offsetSeconds: number;
}

/** Go's time.Parse, in nanoseconds since 1970; a zone by its letters alone is taken for UTC. */
export function parseTime(layout: string, text: string): bigint {
  const read: ReadTime = {
    year: 0,
    month: undefined,
    day: undefined,
    yearDay: undefined,
    hour: 0,
    minute: 0,
    second: 0,
    nanoseconds: 0,
    afternoon: undefined,
    offsetSeconds: 0,
  };
  let rest = text;
  const parts = splitLayout(layout);
  for (const [at, part] of parts.entries()) rest = readPart(part, parts[at + 1], rest, read);
  if (rest !== '') throw failure(text);
  const seconds = checkedSeconds(read, text) - read.offsetSeconds;
  return BigInt(seconds) * 1_000_000_000n + BigInt(read.nanoseconds);
}

function readPart(
  part: LayoutPart,
  next: LayoutPart | undefined,
  text: string,
  read: ReadTime,
): string {
  if (typeof part === 'string') return skipText(part, text);
  const reader =
    readers[part.element] ??
    (/^[.,]/.test(part.element) ? fraction(part.element) : zoneOffset(part.element));
  const match = reader.pattern.exec(text);
  if (match === null) throw failure(text);
  reader.take(read, match[1] ?? match[0], match);
  const rest = text.slice(match[0].length);
  return part.element === '05' || part.element === '5' ? readFraction(rest, next, read) : rest;
}

/** Runs of spaces match runs of spaces, as Go's skip does. */
function skipText(part: string, text: string): string {
  let rest = text;
  for (let at = 0; at < part.length; at += 1) {
    if (part[at] === ' ') {
      if (rest !== '' && !rest.startsWith(' ')) throw failure(text);
      while (part[at + 1] === ' ') at += 1;
      rest = rest.replace(/^ +/, '');
    } else {
      if (rest[0] !== part[at]) throw failure(text);
      rest = rest.slice(1);
    }
  }
  return rest;
}

/** Go reads a fraction behind the seconds also where the layout has none. */
function readFraction(text: string, next: LayoutPart | undefined, read: ReadTime): string {
  if (typeof next === 'object' && /^[.,]/.test(next.element)) return text;
  const match = /^[.,](\d+)/.exec(text);
  if (match === null) return text;
  read.nanoseconds = nanosecondsOf(match[1] ?? '');
  return text.slice(match[0].length);
}

function nanosecondsOf(digits: string): number {
  return Number(digits.slice(0, 9).padEnd(9, '0'));
}

interface ElementReader {
  readonly pattern: RegExp;
  readonly take: (read: ReadTime, text: string, match: RegExpExecArray) => void;
}

function number(
  pattern: RegExp,
  key: 'year' | 'month' | 'day' | 'yearDay' | 'hour' | 'minute' | 'second',
): ElementReader {
  return {
    pattern,
    take: (read, text) => {
      read[key] = Number(text);
    },
  };
}

function name(
  names: readonly string[],
  length: number | undefined,
  take: (read: ReadTime, at: number) => void,
): ElementReader {
  const texts = names.map((one) => one.slice(0, length).toLowerCase());
  return {
    pattern: new RegExp(`^(?:${texts.join('|')})`, 'i'),
    take: (read, text) => {
      take(read, texts.indexOf(text.toLowerCase()));
    },
  };
}

const takeMonth = (read: ReadTime, at: number): void => {
  read.month = at + 1;
};
const ignore = (): void => undefined;

const half: ElementReader = {
  pattern: /^(?:AM|PM|am|pm)/,
  take: (read, text) => {
    read.afternoon = text.toLowerCase() === 'pm';
  },
};

/** Go's parseTimeZone: letters, or hours below 24. It does not look at what they say. */
const zoneNamePattern =
  /^(?:UTC|ChST|MeST|GMT(?:[+-]0*(?:2[0-3]|1?\d)(?!\d))?|(?=.{3})[+-]0*(?:2[0-3]|1?\d)(?!\d)|(?:[A-Z]{4}T|[A-Z]{3}T|WITA|[A-Z]{3})(?![A-Z]))/s;

const readers: Readonly<Record<string, ElementReader>> = {
  January: name(monthNames, undefined, takeMonth),
  Jan: name(monthNames, 3, takeMonth),
  Monday: name(dayNames, undefined, ignore),
  Mon: name(dayNames, 3, ignore),
  MST: { pattern: zoneNamePattern, take: ignore },
  '01': number(/^\d\d/, 'month'),
  '02': number(/^\d\d/, 'day'),
  '03': number(/^\d\d/, 'hour'),
  '04': number(/^\d\d/, 'minute'),
  '05': number(/^\d\d/, 'second'),
  '06': {
    pattern: /^\d\d/,
    take: (read, text) => {
      read.year = Number(text) + (Number(text) >= 69 ? 1900 : 2000);
    },
  },
  '002': number(/^\d\d\d/, 'yearDay'),
  '15': number(/^\d\d?/, 'hour'),
  '1': number(/^\d\d?/, 'month'),
  '2006': number(/^\d{4}/, 'year'),
  '2': number(/^\d\d?/, 'day'),
  _2: number(/^ ?(\d\d?)/, 'day'),
  __2: number(/^(?: {0,2})(\d{1,3})/, 'yearDay'),
  '3': number(/^\d\d?/, 'hour'),
  '4': number(/^\d\d?/, 'minute'),
  '5': number(/^\d\d?/, 'second'),
  PM: half,
  pm: half,
};

/** Zeros are as many digits; nines are digits or none. */
function fraction(element: string): ElementReader {
  const digits = element.length - 1;
  const pattern =
    element[1] === '0' ? new RegExp(`^[.,](\\d{${digits}})`) : /^(?:[.,](\d{1,9})\d*)?/;
  return {
    pattern,
    take: (read, _text, match) => {
      read.nanoseconds = nanosecondsOf(match[1] ?? '');
    },
  };
}

function zoneOffset(element: string): ElementReader {
  const colon = element.includes(':') ? ':' : '';
  const count = element.replace(/\D/g, '').length / 2;
  const clock = Array.from({ length: count }, () => '(\\d\\d)').join(colon);
  const zulu = element.startsWith('Z') ? 'Z|' : '';
  return {
    pattern: new RegExp(`^(?:${zulu}([+-])${clock})`),
    take: (read, _text, [text, sign, hours = '0', minutes = '0', seconds = '0']) => {
      if (Number(hours) > 24 || Number(minutes) > 60 || Number(seconds) > 60) throw failure(text);
      const total = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
      read.offsetSeconds = sign === '-' ? -total : total;
    },
  };
}

function checkedSeconds(read: ReadTime, text: string): number {
  const { year, minute, second, yearDay } = read;
  const hour = hourOf(read);
  if (hour > 23 || minute > 59 || second > 59) throw failure(text);
  const { month, day } = dateOf(read);
  const last = month >= 1 && month <= 12 ? daysIn(year, month) : 0;
  if (day < 1 || day > last) throw failure(text);
  if (yearDay !== undefined && (yearDay < 1 || yearDay > yearLength(year))) throw failure(text);
  return civilSeconds({ year, month, day, hour, minute, second });
}

function hourOf({ hour, afternoon }: ReadTime): number {
  if (afternoon === true && hour < 12) return hour + 12;
  return afternoon === false && hour === 12 ? 0 : hour;
}

/** A day of the year stands for month and day, and must not contradict them. */
function dateOf({ year, month, day, yearDay }: ReadTime): { month: number; day: number } {
  if (yearDay === undefined) return { month: month ?? 1, day: day ?? 1 };
  let [ofYear, dayOfMonth] = [1, yearDay];
  while (ofYear < 12 && dayOfMonth > daysIn(year, ofYear)) {
    dayOfMonth -= daysIn(year, ofYear);
    ofYear += 1;
  }
  const agrees = (month ?? ofYear) === ofYear && (day ?? dayOfMonth) === dayOfMonth;
  if (!agrees) throw new BuiltinError('parsing time: day-of-year does not match the date');
  return { month: ofYear, day: dayOfMonth };
}

function yearLength(year: number): number {
  return daysIn(year, 2) === 29 ? 366 : 365;
}

function failure(text: string): BuiltinError {
  return new BuiltinError(`parsing time ${JSON.stringify(text)}: it does not fit the layout`);
}
