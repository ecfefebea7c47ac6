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

/** Throws, with a sentence for the operator, for a pointer that is not under /input or /result. */
export function compileMask(pointers: readonly string[]): Mask {
  const configured = pointers.map(parseMaskPointer);
  return ({ input, result }) => {
    const record: JsonObject = {
      ...(input !== undefined && { input }),
      ...(result !== undefined && { result }),
    };
    let masked: JsonValue = record;
    const erased: string[] = [];
    for (const path of [...secretHeaderPaths(record), ...configured]) {
      const remaining = without(masked, path);
      if (remaining !== masked) erased.push(formatPointer(path));
      masked = remaining;
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

/** Credentials by definition: no configuration is needed to remove them, and none keeps them. */
const secretHeaderNames = new Set(['authorization', 'proxy-authorization', 'cookie', 'set-cookie']);

/** Envoy sends headers in one of two encodings, and a policy may answer with more. */
const headerPlaces: readonly (readonly string[])[] = [
  ['input', 'attributes', 'request', 'http', 'headers'],
  ['input', 'attributes', 'request', 'http', 'headerMap', 'headers'],
  ['result', 'headers'],
  ['result', 'response_headers_to_add'],
];

function secretHeaderPaths(record: JsonObject): string[][] {
  return headerPlaces.flatMap((place) => {
    const headers = valueAt(record, place);
    if (!Array.isArray(headers)) return namedSecrets(headers, place);
    return headers.flatMap((entry: JsonValue, index) => {
      const path = [...place, String(index)];
      return [...entrySecrets(entry, path), ...namedSecrets(entry, path)];
    });
  });
}

/** `{ "cookie": … }` */
function namedSecrets(headers: JsonValue | undefined, path: readonly string[]): string[][] {
  if (!isJsonObject(headers)) return [];
  return Object.keys(headers)
    .filter(isSecretName)
    .map((name) => [...path, name]);
}

/** `{ "key": "cookie", "rawValue": … }`: the name stays, so that it shows what was sent. */
function entrySecrets(entry: JsonValue, path: readonly string[]): string[][] {
  if (!isJsonObject(entry)) return [];
  const { key } = entry;
  if (typeof key !== 'string' || !isSecretName(key)) return [];
  return [
    [...path, 'value'],
    [...path, 'rawValue'],
  ];
}

function isSecretName(name: string): boolean {
  return secretHeaderNames.has(name.toLowerCase());
}
