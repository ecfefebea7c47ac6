import { BuiltinError, type BuiltinTable } from '../../builtin.ts';
import type { RegoNumber } from '../../number.ts';
import { isArray, type RegoValue } from '../../value.ts';
import { type CivilTime, civilOf, civilSeconds, daysIn, weekdayOf } from './civil-time.ts';
import { exactInteger, integerNumber } from '../exact-number.ts';
import { parseDuration } from '../go/duration.ts';
import { dayNames, formatTime, namedLayouts, type ZonedTime } from '../go/layout.ts';
import { parseTime } from '../go/time-parsing.ts';
import { integerOperand, numberOperand, operandTypeError, stringOperand } from '../operands.ts';
import { loadZone, type TimeZone, utc } from './time-zone.ts';

/** OPA v1/topdown/time.go. Times are nanoseconds since 1970, alone or with a zone and a layout. */
export const timeBuiltins: BuiltinTable = {
  'time.now_ns': ({ nowNs }) => integerNumber(nowNs),
  'time.parse_ns': (_call, layout, text) => {
    const named = stringOperand(layout, 1);
    return safeNs(parseTime(namedLayouts.get(named) ?? named, stringOperand(text, 2)));
  },
  'time.parse_rfc3339_ns': (_call, text) =>
    safeNs(parseTime('2006-01-02T15:04:05Z07:00', stringOperand(text, 1))),
  'time.parse_duration_ns': (_call, text) => integerNumber(parseDuration(stringOperand(text, 1))),
  'time.format': (_call, time) => {
    const moment = momentOperand(time);
    const layout = moment.layout === '' ? 'RFC3339Nano' : moment.layout;
    return formatTime(zoned(moment), namedLayouts.get(layout) ?? layout);
  },
  'time.date': (_call, time) => {
    const { year, month, day } = zoned(momentOperand(time)).civil;
    return [year, month, day];
  },
  'time.clock': (_call, time) => {
    const { hour, minute, second } = zoned(momentOperand(time)).civil;
    return [hour, minute, second];
  },
  'time.weekday': (_call, time) =>
    dayNames[weekdayOf(zoned(momentOperand(time)).localSeconds)] ?? undefined,
  'time.add_date': (_call, time, years, months, days) =>
    addDate(
      momentOperand(time),
      integerOperand(years, 2),
      integerOperand(months, 3),
      integerOperand(days, 4),
    ),
  'time.diff': (_call, a, b) => difference(momentOperand(a), momentOperand(b)),
};

interface Moment {
  readonly ns: bigint;
  readonly zone: TimeZone;
  readonly layout: string;
}

const second = 1_000_000_000n;

function momentOperand(value: RegoValue): Moment {
  const [time, zone = '', layout = ''] = isArray(value) ? value : [value];
  if (time === undefined || (!isArray(value) && typeof value === 'string')) {
    throw operandTypeError(1, value, 'either number (ns) or [number (ns), string (tz)]');
  }
  const ns = exactInteger(numberOperand(time, 1));
  if (ns === undefined || BigInt.asIntN(64, ns) !== ns) {
    throw new BuiltinError('timestamp too big');
  }
  return { ns, zone: loadZone(stringOperand(zone, 1)), layout: stringOperand(layout, 1) };
}

/** What fits into 64 bits: the years 1677 to 2262. */
function safeNs(ns: bigint): RegoNumber {
  if (BigInt.asIntN(64, ns) === ns) return integerNumber(ns);
  throw new BuiltinError('time outside of valid range');
}

function unixSeconds(ns: bigint): number {
  return Number((ns - nanosecondsOf(ns)) / second);
}

function nanosecondsOf(ns: bigint): bigint {
  return ((ns % second) + second) % second;
}

function zoned({ ns, zone }: Pick<Moment, 'ns' | 'zone'>): ZonedTime {
  const seconds = unixSeconds(ns);
  const offset = zone === utc ? utc.offsetAt(seconds) : zone.offsetAt(seconds);
  const localSeconds = seconds + offset.seconds;
  const nanoseconds = Number(nanosecondsOf(ns));
  return { civil: civilOf(localSeconds), localSeconds, nanoseconds, offset };
}

/** Further than any time that 64 bits hold. */
const maxYears = 1000;

function addDate(moment: Moment, years: number, months: number, days: number): RegoNumber {
  const far = Math.abs(years) + Math.abs(months) / 12 + Math.abs(days) / 365;
  if (far > maxYears) throw new BuiltinError('time outside of valid range');
  const { civil } = zoned(moment);
  const moved = {
    ...civil,
    year: civil.year + years,
    month: civil.month + months,
    day: civil.day + days,
  };
  const seconds = unixSecondsIn(moment.zone, civilSeconds(moved));
  return safeNs(BigInt(seconds) * second + nanosecondsOf(moment.ns));
}

/** Go's Date: tries the offset that the zone has there, then the one that it has then. */
function unixSecondsIn(zone: TimeZone, localSeconds: number): number {
  const guess = localSeconds - zone.offsetAt(localSeconds).seconds;
  return localSeconds - zone.offsetAt(guess).seconds;
}

/** Years, months, days, hours, minutes and seconds between two times, in the first one's zone. */
function difference(a: Moment, b: Moment): number[] {
  const [first, last] = a.ns <= b.ns ? [a, b] : [b, a];
  const from = zoned({ ...first, zone: a.zone }).civil;
  const to = zoned({ ...last, zone: a.zone }).civil;
  const parts = [
    to.year - from.year,
    to.month - from.month,
    to.day - from.day,
    to.hour - from.hour,
    to.minute - from.minute,
    to.second - from.second,
  ];
  for (const [at, size] of carries(from)) {
    if ((parts[at] ?? 0) >= 0) continue;
    parts[at] = (parts[at] ?? 0) + size;
    parts[at - 1] = (parts[at - 1] ?? 0) - 1;
  }
  return parts;
}

/** How many of a unit make one of the unit before it, from the seconds up. */
function carries({ year, month }: CivilTime): readonly (readonly [at: number, size: number])[] {
  return [
    [5, 60],
    [4, 60],
    [3, 24],
    [2, daysIn(year, month)],
    [1, 12],
  ];
}
