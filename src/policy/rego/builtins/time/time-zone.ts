import { BuiltinError } from '../../builtin.ts';
import { civilSeconds } from './civil-time.ts';
import { zoneAbbreviations } from './zone-abbreviations.ts';

/** What a zone says at one moment: seconds east of UTC, and the name that Go prints. */
export interface ZoneOffset {
  readonly seconds: number;
  readonly name: string;
}

/** An IANA zone: its offsets are the platform's, its names those of the IANA database. */
export interface TimeZone {
  readonly name: string;
  offsetAt(unixSeconds: number): ZoneOffset;
}

export const utc: TimeZone = { name: 'UTC', offsetAt: () => ({ seconds: 0, name: 'UTC' }) };

const kept = new Map<string, TimeZone>();

/** Go's time.LoadLocation: names are exact, and `Local` is the process's zone. */
export function loadZone(name: string): TimeZone {
  if (name === '' || name === 'UTC') return utc;
  const known = kept.get(name);
  if (known !== undefined) return known;
  const iana = name === 'Local' ? Intl.DateTimeFormat().resolvedOptions().timeZone : name;
  const names = zoneAbbreviations.get(iana);
  if (names === undefined) throw new BuiltinError(`unknown time zone ${name}`);
  const zone = createZone(iana, names);
  kept.set(name, zone);
  return zone;
}

function createZone(name: string, names: ReadonlyMap<number, string>): TimeZone {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: name,
    calendar: 'gregory',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  return {
    name,
    offsetAt: (unixSeconds) => {
      const seconds = localSeconds(format, unixSeconds) - unixSeconds;
      return { seconds, name: names.get(seconds / 60) ?? numericName(seconds) };
    },
  };
}

function localSeconds(format: Intl.DateTimeFormat, unixSeconds: number): number {
  const parts = Object.fromEntries(
    format.formatToParts(unixSeconds * 1000).map(({ type, value }) => [type, Number(value)]),
  );
  const part = (name: string): number => parts[name] ?? 0;
  return civilSeconds({
    year: part('year'),
    month: part('month'),
    day: part('day'),
    hour: part('hour'),
    minute: part('minute'),
    second: part('second'),
  });
}

/** Zones without letters are named by their offset, `+03`; before there were zones it is the sun's. */
function numericName(seconds: number): string {
  if (seconds % 60 !== 0) return 'LMT';
  const minutes = Math.trunc(Math.abs(seconds) / 60);
  const hours = String(Math.trunc(minutes / 60)).padStart(2, '0');
  const rest = minutes % 60 === 0 ? '' : String(minutes % 60).padStart(2, '0');
  return `${seconds < 0 ? '-' : '+'}${hours}${rest}`;
}
