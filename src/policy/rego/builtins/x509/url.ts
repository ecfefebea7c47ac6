import { percentDecoded } from '../go/url.ts';
import type { RegoValue } from '../../value.ts';
import { malformed } from './der.ts';
import { regoObject } from '../rego-object.ts';

const parts =
  /^(?:(?<scheme>[A-Za-z][A-Za-z0-9+.-]*):)?(?:\/\/(?:(?<user>[^/?#]*)@)?(?<host>[^/?#]*))?(?<path>[^?#]*)(?<query>\?[^#]*)?(?:#(?<fragment>.*))?$/s;

/** A URI of a certificate: as Go's url.URL is written in JSON, and as its String gives it. */
export function certificateUrl(text: string): {
  readonly object: RegoValue;
  readonly text: string;
} {
  const groups = parts.exec(text)?.groups;
  if (groups === undefined || /[\s\u007f]/.test(text)) throw malformed('a URI is none');
  const { scheme = '', host = '', path = '', query = '', fragment = '' } = groups;
  const isOpaque = scheme !== '' && groups['host'] === undefined && !path.startsWith('/');
  const object = regoObject({
    Scheme: scheme.toLowerCase(),
    Opaque: isOpaque ? path : '',
    User: groups['user'] === undefined ? null : regoObject({}),
    Host: host,
    Path: isOpaque ? '' : percentDecoded(path),
    RawPath: isOpaque ? '' : rawUnlessPlain(path),
    OmitHost: false,
    ForceQuery: query === '?',
    RawQuery: query.slice(1),
    Fragment: percentDecoded(fragment),
    RawFragment: rawUnlessPlain(fragment),
  });
  const written = scheme === '' ? text : scheme.toLowerCase() + text.slice(scheme.length);
  return { object, text: written.replace(/#$/, '') };
}

/** Go keeps the escaped form only where escaping again would not give it. */
function rawUnlessPlain(escaped: string): string {
  const again = encodeURI(percentDecoded(escaped)).replace(/[!'()*?#[\]]/g, escapeOf);
  return again === escaped ? '' : escaped;
}

function escapeOf(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}
