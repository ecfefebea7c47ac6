import { isJsonObject, type JsonObject, type JsonValue } from '../domain/json.ts';
import { valueAt } from './json-pointer.ts';
import type { Removal } from './removal.ts';

/** Credentials by definition: no configuration is needed to remove them, and none keeps them. */
const credentialHeaders = ['authorization', 'proxy-authorization', 'cookie', 'set-cookie'];

const requestHeaders = ['input', 'attributes', 'request', 'http', 'headers'];

/** Envoy sends headers in one of two encodings, and a policy may answer with more. */
const headerPlaces: readonly (readonly string[])[] = [
  requestHeaders,
  ['input', 'attributes', 'request', 'http', 'headerMap', 'headers'],
  ['result', 'headers'],
  ['result', 'response_headers_to_add'],
];

/** Lower-case. A request header that is masked must not get out by the other encoding. */
export function secretHeaderNames(
  maskedPaths: readonly (readonly string[])[],
  secretHeaders: readonly string[],
): ReadonlySet<string> {
  const configured = maskedPaths.filter(isRequestHeader).flatMap((path) => path.slice(-1));
  const named = [...secretHeaders, ...configured].map((name) => name.toLowerCase());
  return new Set([...credentialHeaders, ...named]);
}

/** Also in another case of letters, and in the other encoding. */
export function isRequestHeader(path: readonly string[]): boolean {
  return (
    path.length === requestHeaders.length + 1 &&
    requestHeaders.every((token, index) => path[index] === token)
  );
}

/** Where the record has headers of these names, in any case of letters. */
export function headerRemovals(record: JsonObject, secret: ReadonlySet<string>): Removal[] {
  return headerPlaces.flatMap((place) => {
    const headers = valueAt(record, place);
    if (!Array.isArray(headers)) return namedRemovals(headers, place, secret);
    return headers.flatMap((entry: JsonValue, index) => {
      const container = [...place, String(index)];
      return [
        ...entryRemovals(entry, container, secret),
        ...namedRemovals(entry, container, secret),
      ];
    });
  });
}

/** `{ "cookie": … }` */
function namedRemovals(
  headers: JsonValue | undefined,
  container: readonly string[],
  secret: ReadonlySet<string>,
): Removal[] {
  if (!isJsonObject(headers)) return [];
  const names = Object.keys(headers).filter((name) => secret.has(name.toLowerCase()));
  return names.length > 0 ? [{ container, names }] : [];
}

/** `{ "key": "cookie", "rawValue": … }`: the name stays, so that it shows what was sent. */
function entryRemovals(
  entry: JsonValue,
  container: readonly string[],
  secret: ReadonlySet<string>,
): Removal[] {
  if (!isJsonObject(entry)) return [];
  const { key } = entry;
  if (typeof key !== 'string' || !secret.has(key.toLowerCase())) return [];
  return [{ container, names: ['value', 'rawValue'].filter((name) => Object.hasOwn(entry, name)) }];
}
