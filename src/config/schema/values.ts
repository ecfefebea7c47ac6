import { isIPv6 } from 'node:net';
import { isAbsolute, resolve } from 'node:path';
import type { ListenAddress } from '../../domain/listen-address.ts';
import { isTrustDomain } from '../../domain/identity/spiffe-id.ts';
import { parseSpiffePattern } from '../../domain/identity/spiffe-pattern.ts';
import { leaf } from './leaf.ts';
import { notAvailable, refuse, type Schema } from './schema.ts';
import { parseDuration, parseSize } from './units.ts';

export const flag = leaf({
  type: 'true or false',
  expected: 'true or false',
  yamlType: 'boolean',
  parse: (value) => value,
});

export function integer(min: number, max: number): Schema<number> {
  return leaf({
    type: 'integer',
    expected: min === max ? `${min} in this version` : `an integer from ${min} to ${max}`,
    yamlType: 'number',
    parse: (value) => (Number.isInteger(value) ? within(value, min, max) : undefined),
  });
}

/** In milliseconds; the bounds as people write them. */
export function duration(min: string, max: string): Schema<number> {
  const [minMs, maxMs] = [parseDuration(min) ?? 0, parseDuration(max) ?? 0];
  const examples = ['500ms', '30s', '5m', '2h'].filter(
    (example) => within(parseDuration(example), minMs, maxMs) !== undefined,
  );
  return leaf({
    type: 'duration',
    expected: `a duration from ${min} to ${max}, such as ${examples.join(', ')}`,
    yamlType: 'string',
    parse: (value) => within(parseDuration(value), minMs, maxMs),
  });
}

/** In bytes; the bounds as people write them. */
export function size(min: string, max: string): Schema<number> {
  const [minBytes, maxBytes] = [parseSize(min) ?? 0, parseSize(max) ?? 0];
  return leaf({
    type: 'size',
    expected: `a size from ${min} to ${max}, such as 64KiB, 4MiB or 1GiB`,
    yamlType: 'string',
    parse: (value) => within(parseSize(value), minBytes, maxBytes),
  });
}

function within(value: number | undefined, min: number, max: number): number | undefined {
  return value !== undefined && value >= min && value <= max ? value : undefined;
}

/** Text of the given form, as it is. */
export function text(type: string, expected: string, pattern: RegExp): Schema<string> {
  return leaf({
    type,
    expected,
    yamlType: 'string',
    parse: (value) => (pattern.test(value) ? value : undefined),
  });
}

/** What a person writes for another, fit for logs and terminals. */
export function line(maxLength: number): Schema<string> {
  return text(
    'text',
    `1 to ${maxLength} characters on one line, not only spaces`,
    new RegExp(`^(?=.*\\S)[^\\p{Cc}\\p{Cf}\\p{Cs}]{1,${maxLength}}$`, 'u'),
  );
}

/** One of the words. `later` are words of the documented format that are still to come. */
export function oneOf<const T extends string>(
  words: readonly T[],
  later: readonly string[] = [],
): Schema<T> {
  const known = leaf({
    type: words.join(', '),
    expected: words.length === 1 ? words.join('') : `one of ${words.join(', ')}`,
    yamlType: 'string',
    parse: (value) => words.find((word) => word === value),
  });
  return {
    ...known,
    read(node, path, reading) {
      const word = node.kind === 'scalar' ? String(node.value) : '';
      return later.includes(word)
        ? refuse(node, path, reading, `${word} ${notAvailable}`)
        : known.read(node, path, reading);
    },
  };
}

/** As an absolute path. */
export const filePath = leaf({
  type: 'path',
  expected: 'the path of a file (URLs are not available in this version)',
  yamlType: 'string',
  parse: (value, directory) =>
    value === '' || value.includes('\0') || /^[a-z]+:\/\//i.test(value)
      ? undefined
      : resolve(directory, value),
});

export const address = leaf({
  type: 'address',
  expected: 'host:port, [::1]:port or unix:/path',
  yamlType: 'string',
  parse: parseAddress,
});

/** Without a user and a password: they would be in logs. */
export const httpUrl = leaf({
  type: 'URL',
  expected: 'an http:// or https:// URL without a user',
  yamlType: 'string',
  parse: (value) => (isHttpUrl(value) ? value : undefined),
  secret: true,
});

function isHttpUrl(value: string): boolean {
  const url = URL.parse(value);
  return url !== null && /^https?:$/.test(url.protocol) && url.username + url.password === '';
}

/** `sun_path` holds 108 bytes and ends with a zero. */
const maxSocketPathBytes = 107;

/** `host:port`, `[::1]:port` or `unix:/path`. Undefined for anything else. */
export function parseAddress(value: string): ListenAddress | undefined {
  if (value.startsWith('unix:')) return parseSocketPath(value.slice('unix:'.length));
  const [, bracketed, name, digits] =
    /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9._-]+)):(\d{1,5})$/.exec(value) ?? [];
  const host = bracketed ?? name;
  const port = Number(digits);
  if (host === undefined || port > 65_535) return undefined;
  if (bracketed !== undefined && !isIPv6(bracketed)) return undefined;
  return { kind: 'tcp', host, port };
}

function parseSocketPath(path: string): ListenAddress | undefined {
  const good = isAbsolute(path) && !path.includes('\0');
  return good && Buffer.byteLength(path) <= maxSocketPathBytes ? { kind: 'unix', path } : undefined;
}

/** The path of a socket that somebody else listens on. */
export const unixSocket = leaf({
  type: 'unix socket',
  expected: 'unix:/path, with an absolute path of at most 107 bytes',
  yamlType: 'string',
  parse: (value) => {
    const parsed = parseAddress(value);
    return parsed?.kind === 'unix' ? parsed.path : undefined;
  },
});

/** Of a server to connect to. */
export const remoteAddress = leaf({
  type: 'host:port',
  expected: 'host:port or [::1]:port, with a port from 1 to 65535',
  yamlType: 'string',
  parse: (value) => {
    const parsed = parseAddress(value);
    return parsed?.kind === 'tcp' && parsed.port > 0
      ? { host: parsed.host, port: parsed.port }
      : undefined;
  },
});

export const trustDomain = leaf({
  type: 'trust domain',
  expected: 'a SPIFFE trust domain (a-z, 0-9, dot, dash, underscore), without spiffe://',
  yamlType: 'string',
  parse: (value) => (isTrustDomain(value) ? value : undefined),
});

export const spiffePattern = leaf({
  type: 'SPIFFE ID',
  expected: 'a SPIFFE ID such as spiffe://prod/ns/shop/sa/web, or with a trailing /*',
  yamlType: 'string',
  parse: (value) => parseSpiffePattern(value)?.text,
});

export const jsonPointer = text(
  'JSON pointer',
  'a JSON pointer such as /input/attributes/request/http/headers/x-api-key',
  /^\/(?:input|result)(?:\/(?:[^~/]|~[01])*)*$/,
);

export const redisUrl = leaf({
  type: 'Redis URL',
  expected:
    'redis://[user[:password]@]host[:port][/db], rediss://… or unix:/path, with special characters percent-encoded',
  yamlType: 'string',
  parse: (value) => (isRedisUrl(value) ? value : undefined),
  secret: true,
});

function isRedisUrl(value: string): boolean {
  if (value.startsWith('unix:')) return parseSocketPath(value.slice('unix:'.length)) !== undefined;
  const url = URL.parse(value);
  return (
    url !== null &&
    (url.protocol === 'redis:' || url.protocol === 'rediss:') &&
    url.hostname !== '' &&
    /^\/?\d{0,4}$/.test(url.pathname)
  );
}
