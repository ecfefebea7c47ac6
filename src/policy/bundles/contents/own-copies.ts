import { emptyMap } from '../../../domain/empty-map.ts';
import type { JsonObject, JsonValue } from '../../../domain/json.ts';

/**
 * Copies of objects, which may be changed in place: of each object one, for however many changes.
 * To copy what is above each change anew would be quadratic.
 */
export class OwnCopies {
  readonly #own = new WeakMap<JsonObject, Record<string, JsonValue>>();

  /** The object itself, when it is a copy already. */
  of(object: JsonObject): Record<string, JsonValue> {
    const own = this.#own.get(object);
    if (own !== undefined) return own;
    const copy = emptyMap<JsonValue>();
    for (const [key, value] of Object.entries(object)) copy[key] = value;
    this.#own.set(copy, copy);
    return copy;
  }
}
