import { BuiltinError } from '../../builtin.ts';
import { percentDecoded } from '../go/url.ts';

/** A URL's parts as Go's url.Parse has them; empty where there are none. */
export interface RequestUrl {
  /** In lower case, without the colon. */
  readonly scheme: string;
  /** With its port, as written. */
  readonly host: string;
  readonly escapedPath: string;
  readonly rawQuery: string;
}

const parts =
  /^(?:(?<scheme>[A-Za-z][A-Za-z0-9+.-]*):)?(?:\/\/(?<authority>[^/?#]*))?(?<path>[^?#]*)(?:\?(?<query>[^#]*))?/;

/** Throws a BuiltinError for what Go refuses to parse. */
export function parseRequestUrl(text: string): RequestUrl {
  // oxlint-disable-next-line no-control-regex -- they are what Go refuses
  if (/[\u0000-\u001f\u007f]/.test(text))
    throw new BuiltinError('invalid control character in URL');
  const groups = parts.exec(text)?.groups ?? {};
  const authority = groups['authority'] ?? '';
  return {
    scheme: (groups['scheme'] ?? '').toLowerCase(),
    host: authority.slice(authority.lastIndexOf('@') + 1),
    escapedPath: escapedPath(groups['path'] ?? ''),
    rawQuery: groups['query'] ?? '',
  };
}

const wellEscaped = /^(?:[A-Za-z0-9_.~!$&'()*+,;=:@/[\]-]|%[0-9a-fA-F]{2})*$/;

/** As it is written where that is well escaped (Go's URL.EscapedPath). */
function escapedPath(path: string): string {
  if (wellEscaped.test(path)) return path;
  return encodeURI(percentDecoded(path).toWellFormed()).replace(
    /[!'()*?#[\]]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
