import type { JsonObject, JsonValue } from '../domain/json.ts';
import { formatPointer, parsePointer, valueAt, without } from './json-pointer.ts';
import { headerRemovals, type Removal, secretHeaderNames } from './secret-headers.ts';

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
  const paths = pointers.map(parseMaskPointer);
  const headerNames = secretHeaderNames(paths);
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
