import { emptyMap } from '../../domain/empty-map.ts';

/**
 * Percent-decoding as Go's net/url does it, because opa-envoy-plugin does it so. Node's
 * URLSearchParams differs: it accepts bad escapes and takes `;` for a part of the value.
 */
export function unescapePath(text: string): string | undefined {
  if (!text.includes('%')) return text;
  if (badEscape.test(text)) return undefined;
  try {
    return decodeURIComponent(text);
  } catch {
    return decodeInvalidUtf8(text);
  }
}

/**
 * A query or a form as its values by key, in their order: `a=1&a=2&b` is `{a: ["1", "2"], b: [""]}`.
 * Undefined when it has a `;` or a bad escape, which programs read in different ways.
 */
export function parseQuery(query: string): Record<string, string[]> | undefined {
  const values = emptyMap<string[]>();
  if (query === '') return values;
  if (query.includes(';')) return undefined;
  for (const pair of query.split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const key = unescapeQuery(equals === -1 ? pair : pair.slice(0, equals));
    const value = equals === -1 ? '' : unescapeQuery(pair.slice(equals + 1));
    if (key === undefined || value === undefined) return undefined;
    (values[key] ??= []).push(value);
  }
  return values;
}

const badEscape = /%(?![0-9a-fA-F]{2})/;

function unescapeQuery(text: string): string | undefined {
  return unescapePath(text.replaceAll('+', ' '));
}

/** Every `%` is known to begin an escape. Bytes that are no UTF-8 become U+FFFD. */
function decodeInvalidUtf8(text: string): string {
  const bytes = Buffer.from(text);
  let length = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const isEscape = bytes[at] === 0x25;
    bytes[length] = isEscape
      ? parseInt(bytes.toString('latin1', at + 1, at + 3), 16)
      : (bytes[at] ?? 0);
    length += 1;
    if (isEscape) at += 2;
  }
  return bytes.toString('utf8', 0, length);
}
