import { isJsonObject, type JsonObject, type JsonValue } from '../domain/json.ts';
import { formatPointer, parsePointer, valueAt, without } from './json-pointer.ts';

/** The parts of a record that others wrote, and that may therefore hold secrets. */
export interface Maskable {
  readonly input: JsonValue | undefined;
  readonly result: JsonValue | undefined;
}

export interface Masked extends Maskable {
  /** JSON pointers of what was there and was removed: OPA's `erased`. */
  readonly erased: readonly string[];
}

/** Never changes what it is given: checks are shared. What has no secret comes back as it was. */
export type Mask = (record: Maskable) => Masked;

/** Members of one container that are to be removed. */
interface Removal {
  readonly container: readonly string[];
  readonly names: readonly string[];
}

/** Throws, with a sentence for the operator, for a pointer that is not under /input or /result. */
export function compileMask(pointers: readonly string[]): Mask {
  const paths = pointers.map(parseMaskPointer);
  const headerNames = new Set([...credentialHeaders, ...paths.flatMap(requestHeaderName)]);
  const configured = paths.map(removalOf);
  return ({ input, result }) => {
    const record: JsonObject = {
      ...(input !== undefined && { input }),
      ...(result !== undefined && { result }),
    };
    let masked: JsonValue = record;
    const erased: string[] = [];
    for (const removal of [...headerRemovals(record, headerNames), ...configured]) {
      const remaining = without(masked, removal.container, removal.names);
      if (remaining === masked) continue;
      masked = remaining;
      for (const name of removal.names) erased.push(formatPointer([...removal.container, name]));
    }
    return { input: valueAt(masked, ['input']), result: valueAt(masked, ['result']), erased };
  };
}

function parseMaskPointer(pointer: string): readonly string[] {
  const path = parsePointer(pointer);
  if (path === undefined || (path[0] !== 'input' && path[0] !== 'result')) {
    throw new Error(
      `audit.mask: ${JSON.stringify(pointer)} must be a JSON pointer (RFC 6901) that begins with /input or /result, for example /input/parsed_body/password`,
    );
  }
  return path;
}

function removalOf(path: readonly string[]): Removal {
  return { container: path.slice(0, -1), names: path.slice(-1) };
}

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

/** A header that is masked by name must not get out by the other encoding. */
function requestHeaderName(path: readonly string[]): string[] {
  const isOne =
    path.length === requestHeaders.length + 1 &&
    requestHeaders.every((token, index) => path[index] === token);
  return isOne ? path.slice(-1).map((name) => name.toLowerCase()) : [];
}

type HeaderNames = ReadonlySet<string>;

function headerRemovals(record: JsonObject, secret: HeaderNames): Removal[] {
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
  secret: HeaderNames,
): Removal[] {
  if (!isJsonObject(headers)) return [];
  const names = Object.keys(headers).filter((name) => secret.has(name.toLowerCase()));
  return names.length > 0 ? [{ container, names }] : [];
}

/** `{ "key": "cookie", "rawValue": … }`: the name stays, so that it shows what was sent. */
function entryRemovals(
  entry: JsonValue,
  container: readonly string[],
  secret: HeaderNames,
): Removal[] {
  if (!isJsonObject(entry)) return [];
  const { key } = entry;
  if (typeof key !== 'string' || !secret.has(key.toLowerCase())) return [];
  return [{ container, names: ['value', 'rawValue'].filter((name) => name in entry) }];
}
