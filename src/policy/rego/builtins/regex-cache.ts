import { RE2JS } from 're2js';
import { BuiltinError } from '../builtin.ts';

/** A compiled pattern: RE2's syntax, and its linear time. */
export interface Regex {
  readonly pattern: RE2JS;
  readonly groups: number;
  readonly names: ReadonlyMap<string, number>;
}

/** Policies have few patterns; those made of a caller's input must not pile up. */
const maxKept = 100;
const kept = new Map<string, Regex>();

/** @throws {BuiltinError} for what is no pattern. */
export function compileRegex(text: string): Regex {
  const known = kept.get(text);
  if (known !== undefined) return known;
  const regex = compile(text);
  const [oldest] = kept.keys();
  if (kept.size >= maxKept && oldest !== undefined) kept.delete(oldest);
  kept.set(text, regex);
  return regex;
}

function compile(text: string): Regex {
  try {
    const pattern = RE2JS.compile(text);
    const names = new Map(Object.entries(pattern.namedGroups()));
    return { pattern, groups: pattern.groupCount(), names };
  } catch (error) {
    throw new BuiltinError(`error parsing regexp: ${String(error)}`);
  }
}
