import { RE2JS } from 're2js';
import { BuiltinError, BuiltinHalt } from '../../builtin.ts';
import { regexSize } from './size.ts';

/** A compiled pattern: RE2's syntax, and its linear time. */
export interface Regex {
  readonly pattern: RE2JS;
  readonly groups: number;
  readonly names: ReadonlyMap<string, number>;
}

/** A search tries each instruction of a pattern at each character, in 10 to 30 ns. */
export const unitsPerStep = 5;

/** Policies have few patterns; those made of a caller's input must not pile up. */
const maxKept = 100;
const kept = new Map<string, Regex>();

/** Compiling takes 3 µs an instruction, and twice as much for some. */
const maxSize = 10_000;

/** Throws a BuiltinError for what is no pattern, and a BuiltinHalt for one that is too large. */
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
  if (regexSize(text) > maxSize) throw new BuiltinHalt('regex: the pattern is too large');
  try {
    const pattern = RE2JS.compile(text);
    const names = new Map(Object.entries(pattern.namedGroups()));
    return { pattern, groups: pattern.groupCount(), names };
  } catch (error) {
    throw new BuiltinError(`error parsing regexp: ${String(error)}`);
  }
}
