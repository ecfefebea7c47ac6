import { BuiltinError } from '../builtin.ts';
import { readNumber } from '../number.ts';
import { RegoObject, type RegoValue } from '../value.ts';

/**
 * Reads JSON as OPA's json.unmarshal does: numbers keep every digit, of equal keys the last wins,
 * lone surrogates become U+FFFD. Throws a BuiltinError for anything else.
 */
export function readJson(text: string): RegoValue {
  try {
    return regoOf(JSON.parse(text, keepNumbers));
  } catch {
    throw new BuiltinError('invalid JSON');
  }
}

/** A number within JSON.parse, which would take a double for it. */
class NumberSource {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

function keepNumbers(_key: string, value: unknown, { source }: { readonly source?: string }) {
  if (typeof value !== 'number' || source === undefined || String(value) === source) return value;
  return new NumberSource(source);
}

function regoOf(value: unknown): RegoValue {
  if (typeof value === 'string') return value.toWellFormed();
  if (typeof value === 'number') return readNumber(String(value));
  if (typeof value === 'boolean') return value;
  if (value instanceof NumberSource) return readNumber(value.text);
  if (Array.isArray(value)) return value.map(regoOf);
  if (typeof value !== 'object' || value === null) return null;
  return RegoObject.of(
    Object.entries(value).map(([key, member]) => [key.toWellFormed(), regoOf(member)] as const),
  );
}
