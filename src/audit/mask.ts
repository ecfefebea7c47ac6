import type { JsonObject, JsonValue } from '../domain/json.ts';
import { parsePointer } from './json-pointer.ts';
import { memberOf } from './members.ts';
import { headerPlaces, isRequestHeader, secretHeaderNames } from './secret-headers.ts';
import { placeAt, recordPlace, withoutSecret } from './secret-place.ts';

/** The parts of a record that others wrote, and that may therefore hold secrets. */
export interface Maskable {
  readonly input: JsonValue | undefined;
  readonly result: JsonValue | undefined;
}

export interface Masked extends Maskable {
  /** JSON pointers of what was there and was removed: OPA's `erased`. */
  readonly erased: readonly string[];
}

/** Takes out what must not leave the process. Never changes what it is given. */
export type Mask = (record: Maskable) => Masked;

/**
 * `secretHeaders` are removed wherever headers are, as those that always hold credentials. Throws,
 * with a sentence for the operator, for a pointer that is not under /input or /result.
 */
export function compileMask(
  pointers: readonly string[],
  secretHeaders: readonly string[] = [],
): Mask {
  const paths = pointers.map(parseMaskPointer);
  const headerNames = secretHeaderNames(paths, secretHeaders);
  const place = recordPlace();
  for (const path of headerPlaces) placeAt(place, path).secretHeaders = headerNames;
  for (const path of paths) {
    if (!isRequestHeader(path)) placeAt(place, path).isSecret = true;
  }
  return (record) => {
    const erased: string[] = [];
    const masked = withoutSecret(asObject(record), place, erased);
    return { input: memberOf(masked, 'input'), result: memberOf(masked, 'result'), erased };
  };
}

function asObject({ input, result }: Maskable): JsonObject {
  return { ...(input !== undefined && { input }), ...(result !== undefined && { result }) };
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
