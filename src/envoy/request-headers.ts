import type { HeaderMapEntry, HttpAttributes } from '../domain/attributes.ts';
import { emptyMap } from '../domain/empty-map.ts';
import { sanitiseUtf8 } from './sanitise-utf8.ts';

type Headers = Record<string, string>;

/**
 * The request's headers, in whichever form Envoy sent them: lower-case names, repeated fields
 * joined as Envoy joins them. Envoy sends one form or the other; of both, the raw one is nearer to
 * the request and wins name by name.
 */
export function readHeaders(http: HttpAttributes): Readonly<Headers> {
  const { headers = emptyMap<string>(), headerMap } = http;
  const joined = hasUpperCase(headers) ? lowerCaseNames(headers) : headers;
  const entries = headerMap?.headers;
  return entries === undefined ? joined : withRawHeaders(joined, entries);
}

function withRawHeaders(joined: Headers, entries: readonly HeaderMapEntry[]): Headers {
  const raw = emptyMap<string>();
  for (const entry of entries) join(raw, entry.key ?? '', valueOf(entry));
  for (const name in joined) raw[name] ??= joined[name] ?? '';
  return raw;
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

function valueOf(entry: HeaderMapEntry): string {
  return entry.rawValue === undefined ? (entry.value ?? '') : sanitiseUtf8(entry.rawValue);
}
