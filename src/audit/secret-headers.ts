import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../domain/json.ts';
import { formatPointer } from './json-pointer.ts';
import { withoutMembers } from './members.ts';

/** Credentials by definition: no configuration is needed to remove them, and none keeps them. */
const credentialHeaders = ['authorization', 'proxy-authorization', 'cookie', 'set-cookie'];

const requestHeaders = ['input', 'attributes', 'request', 'http', 'headers'];

/** Envoy sends headers in one of two encodings, and a policy may answer with more. */
export const headerPlaces: readonly (readonly string[])[] = [
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

/** Without the headers of these names, in any case of letters; the very same when it has none. */
export function withoutSecretHeaders(
  headers: JsonValue,
  pointer: string,
  secret: ReadonlySet<string>,
  erased: string[],
): JsonValue {
  if (!isJsonArray(headers)) {
    return without(headers, secretMembers(headers, secret), pointer, erased);
  }
  const rest = headers.map((entry, index) => {
    const names = [...secretValues(entry, secret), ...secretMembers(entry, secret)];
    return without(entry, names, `${pointer}/${index}`, erased);
  });
  return rest.some((entry, index) => entry !== headers[index]) ? rest : headers;
}

function without(
  value: JsonValue,
  names: readonly string[],
  pointer: string,
  erased: string[],
): JsonValue {
  if (names.length === 0) return value;
  for (const name of names) erased.push(pointer + formatPointer([name]));
  return withoutMembers(value, names);
}

/** `{ "cookie": … }` */
function secretMembers(headers: JsonValue, secret: ReadonlySet<string>): string[] {
  if (!isJsonObject(headers)) return [];
  return Object.keys(headers).filter((name) => secret.has(name.toLowerCase()));
}

/** `{ "key": "cookie", "rawValue": … }`: the name stays, so that it shows what was sent. */
function secretValues(entry: JsonValue, secret: ReadonlySet<string>): string[] {
  if (!isJsonObject(entry) || !isSecretKey(entry, secret)) return [];
  return ['value', 'rawValue'].filter((name) => Object.hasOwn(entry, name));
}

function isSecretKey({ key }: JsonObject, secret: ReadonlySet<string>): boolean {
  return typeof key === 'string' && secret.has(key.toLowerCase());
}
