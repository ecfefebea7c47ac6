import { BuiltinError } from '../../builtin.ts';

/** Go's url.QueryEscape. encodeURIComponent leaves `!'()*` as they are, and writes %20 for a space. */
export function queryEscape(text: string): string {
  return encodeURIComponent(text.toWellFormed())
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+');
}

/**
 * Go's url.QueryUnescape. Bytes that are not UTF-8 become U+FFFD.
 * @throws {BuiltinError} for a `%` without two hex digits.
 */
export function queryUnescape(text: string): string {
  return percentDecoded(text.replaceAll('+', ' '));
}

/** Go's url.PathUnescape, which leaves `+` alone. */
export function percentDecoded(text: string): string {
  if (!text.includes('%')) return text;
  const bad = /%(?![0-9a-fA-F]{2}).{0,2}/s.exec(text);
  if (bad !== null) throw new BuiltinError(`invalid URL escape ${JSON.stringify(bad[0])}`);
  return text.replace(/(?:%[0-9a-fA-F]{2})+/g, (escapes) =>
    Buffer.from(escapes.replaceAll('%', ''), 'hex').toString('utf8'),
  );
}

/** Go's url.ParseQuery: the values of each key in their order. An error anywhere fails it all. */
export function parseQuery(query: string): Map<string, string[]> {
  const values = new Map<string, string[]>();
  for (const pair of query.split('&')) {
    if (pair.includes(';')) throw new BuiltinError('invalid semicolon separator in query');
    if (pair === '') continue;
    const at = pair.indexOf('=');
    const key = queryUnescape(at < 0 ? pair : pair.slice(0, at));
    const value = at < 0 ? '' : queryUnescape(pair.slice(at + 1));
    const held = values.get(key);
    if (held === undefined) values.set(key, [value]);
    else held.push(value);
  }
  return values;
}
