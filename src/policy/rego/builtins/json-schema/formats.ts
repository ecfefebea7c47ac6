import { isIP } from 'node:net';
import { BuiltinError } from '../../builtin.ts';
import { compileRegex } from '../regex/cache.ts';
import { parseUri } from '../go/uri.ts';

/** Whether a text is of a format; one that is unknown takes any text. */
export function isOfFormat(format: string, text: string): boolean {
  return formats.get(format)?.(text) ?? true;
}

const hostname =
  /^(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]{0,61}[a-zA-Z0-9])(?:\.(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]{0,61}[a-zA-Z0-9]))*$/;
const uuid = /^[a-f0-9]{8}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{12}$/i;
const jsonPointer = /^(?:\/(?:[^~/]|~0|~1)*)*$/;
const relativeJsonPointer = /^(?:0|[1-9][0-9]*)(?:#|(?:\/(?:[^~/]|~0|~1)*)*)$/;
const email = /^(?:[^<>"]*<)?[^\s<>@()[\],;:\\"]+@[^\s<>@()[\],;:\\"]+>?$/;

const formats: ReadonlyMap<string, (text: string) => boolean> = new Map([
  ['date', isDate],
  ['time', isTime],
  ['date-time', (text) => isDate(text) || isTime(text) || isDateTime(text)],
  ['hostname', (text) => text.length < 256 && hostname.test(text)],
  ['email', isEmail],
  ['idn-email', isEmail],
  ['ipv4', (text) => isIP(text) !== 0 && text.includes('.')],
  ['ipv6', (text) => isIP(text) === 6 && !text.includes('%')],
  ['uri', isUri],
  ['uri-reference', isUriReference],
  ['iri', isUri],
  ['iri-reference', isUriReference],
  ['uri-template', isUriTemplate],
  ['uuid', (text) => uuid.test(text)],
  ['regex', isRegex],
  ['json-pointer', (text) => jsonPointer.test(text)],
  ['relative-json-pointer', (text) => relativeJsonPointer.test(text)],
]);

function isDate(text: string): boolean {
  const parts = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (parts === null) return false;
  const [year = 0, month = 0, day = 0] = parts.slice(1).map(Number);
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}

/** Go takes a fraction after the seconds, and one digit for the hour. */
const time = /^(?:[01]?\d|2[0-3]):[0-5]\d:[0-5]\d(?:[.,]\d+)?(?:Z|[+-](?:[01]\d|2[0-4]):[0-5]\d)?$/;

function isTime(text: string): boolean {
  return time.test(text);
}

function isDateTime(text: string): boolean {
  const [date = '', clock = '', ...more] = text.split('T');
  return more.length === 0 && isDate(date) && /(?:Z|[+-]\d\d:\d\d)$/.test(clock) && isTime(clock);
}

function isEmail(text: string): boolean {
  return email.test(text);
}

function isUri(text: string): boolean {
  return isUriReference(text) && /^[a-z][a-z0-9+.-]*:/i.test(text);
}

function isUriReference(text: string): boolean {
  return !text.includes('\\') && attempt(() => parseUri(text));
}

function isUriTemplate(text: string): boolean {
  if (!isUriReference(text)) return false;
  const path = /^[^?#]*/.exec(text)?.[0] ?? '';
  return !/[{}]/.test(path.replace(/\{[^}]*\}/g, '').replaceAll('}', ''));
}

function isRegex(text: string): boolean {
  return attempt(() => compileRegex(text));
}

function attempt(act: () => unknown): boolean {
  try {
    return act() !== undefined;
  } catch (error) {
    if (error instanceof BuiltinError) return false;
    throw error;
  }
}
