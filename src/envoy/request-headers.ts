import type { HeaderMapEntry, HttpAttributes } from '../domain/request/attributes.ts';
import { emptyMap } from '../domain/empty-map.ts';
import { sanitiseUtf8 } from './sanitise-utf8.ts';

type Headers = Record<string, string>;

/**
 * The request's headers, in whichever form Envoy sent them: lower-case names, repeated fields
 * joined as Envoy joins them. Envoy sends one form or the other; undefined where somebody sends
 * both, or two values of one field, and they differ.
 */
export function readHeaders(http: HttpAttributes): Readonly<Headers> | undefined {
  const { headers = emptyMap<string>(), headerMap } = http;
  const joined = hasUpperCase(headers) ? lowerCaseNames(headers) : headers;
  const entries = headerMap?.headers;
  if (entries === undefined) return joined;
  const raw = joinEntries(entries);
  if (raw === undefined || Object.keys(joined).length === 0) return raw;
  return isSame(raw, joined) ? raw : undefined;
}

function joinEntries(entries: readonly HeaderMapEntry[]): Headers | undefined {
  const raw = emptyMap<string>();
  for (const entry of entries) {
    const value = valueOf(entry);
    if (value === undefined) return undefined;
    join(raw, entry.key ?? '', value);
  }
  return raw;
}

function isSame(some: Headers, others: Headers): boolean {
  for (const name in some) if (some[name] !== others[name]) return false;
  for (const name in others) if (some[name] === undefined) return false;
  return true;
}

/** Envoy itself lower-cases names, but it is not the only one who can ask. */
function hasUpperCase(headers: Headers): boolean {
  for (const name in headers) if (/[A-Z]/.test(name)) return true;
  return false;
}

function lowerCaseNames(headers: Headers): Headers {
  const lower = emptyMap<string>();
  for (const name in headers) join(lower, name, headers[name] ?? '');
  return lower;
}

function join(headers: Headers, sentName: string, value: string): void {
  const name = sentName.toLowerCase();
  const before = headers[name];
  // RFC 9113 §8.2.3: pieces of a cookie are joined with "; ", everything else is a list.
  const separator = name === 'cookie' ? '; ' : ',';
  headers[name] = before === undefined ? value : `${before}${separator}${value}`;
}

function valueOf({ value, rawValue }: HeaderMapEntry): string | undefined {
  if (rawValue === undefined) return value ?? '';
  const read = sanitiseUtf8(rawValue);
  return value === undefined || value === read ? read : undefined;
}
