import type { JsonObject, JsonValue } from '../domain/json.ts';
import { parsePointer, valueAt, without } from './json-pointer.ts';
import { pointersOf, type Removal } from './removal.ts';
import { headerRemovals, isRequestHeader, secretHeaderNames } from './secret-headers.ts';

/** The parts of a record that others wrote, and that may therefore hold secrets. */
export interface Maskable {
  readonly input: JsonValue | undefined;
  readonly result: JsonValue | undefined;
}

export interface Masked extends Maskable {
  /** JSON pointers of what was there and was removed: OPA's `erased`. */
  readonly erased: readonly string[];
}

/** Finds what must not leave the process. */
export type Mask = (record: Maskable) => readonly Removal[];

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
  const configured = paths.filter((path) => !isRequestHeader(path)).map(removalOf);
  return (record) => {
    const whole = asObject(record);
    const present = configured.filter(({ container, names }) =>
      names.some((name) => valueAt(whole, [...container, name]) !== undefined),
    );
    return [...headerRemovals(whole, headerNames), ...present];
  };
}

/** Never changes what it is given: checks are shared. What has no secret comes back as it was. */
export function withoutSecrets(record: Maskable, removals: readonly Removal[]): Masked {
  let masked: JsonValue = asObject(record);
  const erased: string[] = [];
  for (const removal of removals) {
    const remaining = without(masked, removal.container, removal.names);
    if (remaining !== masked) erased.push(...pointersOf(removal));
    masked = remaining;
  }
  return { input: valueAt(masked, ['input']), result: valueAt(masked, ['result']), erased };
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

function removalOf(path: readonly string[]): Removal {
  return { container: path.slice(0, -1), names: path.slice(-1) };
}
