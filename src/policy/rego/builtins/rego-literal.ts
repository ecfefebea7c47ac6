import { writeNumber } from '../number.ts';
import { isArray, isNumber, RegoSet, type RegoValue } from '../value.ts';
import { quote } from './go/quote.ts';

/** A value as OPA writes it for people: `{"a": [1, "b"]}`, `{1, 2}`, `set()`. */
export function literalOf(value: RegoValue): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return quote(value);
  if (isNumber(value)) return writeNumber(value);
  if (isArray(value)) return `[${value.map(literalOf).join(', ')}]`;
  if (value instanceof RegoSet) {
    return value.values.length === 0 ? 'set()' : `{${value.values.map(literalOf).join(', ')}}`;
  }
  return `{${value.entries.map(([key, held]) => `${literalOf(key)}: ${literalOf(held)}`).join(', ')}}`;
}
