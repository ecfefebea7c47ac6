import type { JsonValue } from '../../domain/json.ts';
import type { Node } from './node.ts';
import type { Schema } from './schema.ts';

/** Whatever the document says there. */
export const jsonValue: Schema<JsonValue> = { type: 'any value', read: valueOf };

function valueOf(node: Node): JsonValue | undefined {
  switch (node.kind) {
    case 'scalar':
      return node.value;
    case 'list': {
      const values = node.items.map(valueOf);
      const good = values.filter((value) => value !== undefined);
      return good.length === values.length ? good : undefined;
    }
    case 'mapping': {
      const values = Array.from(node.entries, ([key, { value }]) => [key, valueOf(value)] as const);
      const isBroken = values.some(([, value]) => value === undefined);
      return isBroken ? undefined : Object.fromEntries(values.filter(isThere));
    }
    case 'broken':
      return undefined;
    default:
      return node satisfies never;
  }
}

function isThere(
  entry: readonly [string, JsonValue | undefined],
): entry is readonly [string, JsonValue] {
  return entry[1] !== undefined;
}
