import type { JsonValue } from '../domain/json.ts';
import { formatPointer } from './json-pointer.ts';
import { memberOf, withMember, withoutMembers } from './members.ts';
import { withoutSecretHeaders } from './secret-headers.ts';

/** A place in a record that is secret, or that something secret may be inside of. */
export interface SecretPlace {
  /** From the record: `/input/parsed_body/password`. */
  readonly pointer: string;
  readonly inside: Map<string, SecretPlace>;
  /** All of it is to go. */
  isSecret: boolean;
  /** There are headers in it: those of these names, in lower case, are to go. */
  secretHeaders: ReadonlySet<string> | undefined;
}

/** Places inside it are added by `placeAt`. */
export function recordPlace(): SecretPlace {
  return placeOf([]);
}

/** The place at a path, which is made when it is not there yet. */
export function placeAt(record: SecretPlace, path: readonly string[]): SecretPlace {
  return path.reduce((place, name, depth) => {
    const known = place.inside.get(name) ?? placeOf(path.slice(0, depth + 1));
    place.inside.set(name, known);
    return known;
  }, record);
}

function placeOf(path: readonly string[]): SecretPlace {
  return {
    pointer: formatPointer(path),
    inside: new Map(),
    isSecret: false,
    secretHeaders: undefined,
  };
}

/**
 * The value without what is secret in it, in one walk; the very same value when there is nothing.
 * Never changes what it is given: checks are shared. Adds to `erased` the pointers of what went.
 */
export function withoutSecret(value: JsonValue, place: SecretPlace, erased: string[]): JsonValue {
  const { secretHeaders, pointer } = place;
  let rest = secretHeaders ? withoutSecretHeaders(value, pointer, secretHeaders, erased) : value;
  for (const [name, part] of place.inside) {
    const member = memberOf(rest, name);
    if (member === undefined) continue;
    if (part.isSecret) {
      erased.push(part.pointer);
      rest = withoutMembers(rest, [name]);
      continue;
    }
    const remaining = withoutSecret(member, part, erased);
    if (remaining !== member) rest = withMember(rest, name, remaining);
  }
  return rest;
}
