import { isIPv6 } from 'node:net';

/** The parts of a URI that OPA tells; the empty text for what is not there. */
export type UriParts = Readonly<
  Record<'scheme' | 'hostname' | 'port' | 'path' | 'raw_path' | 'raw_query' | 'fragment', string>
>;

const absent: UriParts = {
  scheme: '',
  hostname: '',
  port: '',
  path: '',
  raw_path: '',
  raw_query: '',
  fragment: '',
};

/** Go's url.Parse; undefined where it gives an error. */
export function parseUri(uri: string): UriParts | undefined {
  const [beforeFragment, rawFragment] = cut(uri, '#');
  const fragment = decoded(rawFragment);
  // eslint-disable-next-line no-control-regex
  if (/[\0-\x1f\x7f]/.test(beforeFragment) || fragment === undefined) return undefined;
  if (beforeFragment === '*') return { ...absent, path: '*', raw_path: '*', fragment };
  const split = splitScheme(beforeFragment);
  if (split === undefined) return undefined;
  const [scheme, afterScheme] = split;
  const [rest, rawQuery] = cut(afterScheme, '?');
  const parts = { ...absent, scheme, raw_query: rawQuery, fragment };
  if (!rest.startsWith('/')) {
    if (scheme !== '') return parts;
    if (cut(rest, '/')[0].includes(':')) return undefined;
  }
  return withHierarchy(parts, rest);
}

function withHierarchy(parts: UriParts, rest: string): UriParts | undefined {
  const hasAuthority = rest.startsWith('//') && (parts.scheme !== '' || !rest.startsWith('///'));
  const slash = hasAuthority ? rest.indexOf('/', 2) : 0;
  const pathStart = slash < 0 ? rest.length : slash;
  const host = hasAuthority ? hostOf(parts.scheme, rest.slice(2, pathStart)) : '';
  const rawPath = rest.slice(pathStart);
  const path = decoded(rawPath);
  if (host === undefined || path === undefined) return undefined;
  // Go keeps the path as it was written only where it would write it in another way.
  const raw = escapedPath(path) === rawPath ? path : rawPath;
  return { ...parts, ...splitPort(host), path, raw_path: raw };
}

function cut(text: string, sign: string): readonly [before: string, after: string] {
  const at = text.indexOf(sign);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

function splitScheme(text: string): readonly [scheme: string, rest: string] | undefined {
  if (text.startsWith(':')) return undefined;
  const [, scheme] = /^([a-z][a-z0-9+.-]*):/i.exec(text) ?? [];
  return scheme === undefined ? ['', text] : [scheme.toLowerCase(), text.slice(scheme.length + 1)];
}

/** Percent-decoded; undefined for a `%` without two hex digits. */
function decoded(text: string): string | undefined {
  if (/%(?![0-9a-f]{2})/i.test(text)) return undefined;
  return text.replace(/(?:%[0-9a-f]{2})+/gi, (escapes) =>
    Buffer.from(escapes.replaceAll('%', ''), 'hex').toString('utf8'),
  );
}

function escapedPath(path: string): string {
  return encodeURI(path.toWellFormed()).replace(
    /[!'()*?#[\]]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function hostOf(scheme: string, authority: string): string | undefined {
  const at = authority.lastIndexOf('@');
  const user = authority.slice(0, Math.max(at, 0));
  if (!/^[\w.~:!$&'()*+,;=%@-]*$/.test(user) || decoded(user) === undefined) return undefined;
  const host = authority.slice(at + 1);
  if (host.includes('[')) return literalHost(host);
  const [first, last] = [host.indexOf(':'), host.lastIndexOf(':')];
  const isHttp = scheme === 'http' || scheme === 'https';
  const port = first < 0 ? '' : host.slice(isHttp ? first : last);
  return /^(?::\d*)?$/.test(port) ? decodedHost(host) : undefined;
}

function literalHost(host: string): string | undefined {
  const [, address = '', zone = '', port = ''] =
    /^\[([^\]%]*)(%25[^\]]*)?\]((?::\d*)?)$/.exec(host) ?? [];
  const name = decodedHost(zone, true);
  if (!isIPv6(address) || name === undefined || name === '%') return undefined;
  return `[${address}${name}]${port}`;
}

/** Go decodes only what is beyond ASCII in a host; a zone may have spaces and percents too. */
function decodedHost(host: string, isZone = false): string | undefined {
  const escapes = host.match(/%.{0,2}/gs) ?? [];
  const allowed = isZone ? /^%(?:25|20|[89a-f][0-9a-f])$/i : /^%(?:25|[89a-f][0-9a-f])$/i;
  if (!escapes.every((escape) => allowed.test(escape) || (isZone && isPlainEscape(escape)))) {
    return undefined;
  }
  const plain = host.replaceAll(/%.{2}/gs, '');
  return hostPattern.test(plain) ? decoded(host) : undefined;
}

const hostPattern = /^[\w.~!"$&'()*+,;=:[\]<>\u0080-\uffff-]*$/;

function isPlainEscape(escape: string): boolean {
  const character = decoded(escape);
  return character !== undefined && hostPattern.test(character);
}

function splitPort(hostPort: string): { readonly hostname: string; readonly port: string } {
  const [, host = hostPort, port = ''] = /^(.*):(\d*)$/s.exec(hostPort) ?? [];
  const isLiteral = host.startsWith('[') && host.endsWith(']');
  return { hostname: isLiteral ? host.slice(1, -1) : host, port };
}
