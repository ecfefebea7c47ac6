import type { Spend } from '../builtin.ts';
import { writeNumber } from '../number.ts';
import {
  compareText,
  isArray,
  isNumber,
  type RegoObject,
  RegoSet,
  type RegoValue,
} from '../value.ts';

/** How Go's json.MarshalIndent lays out: what each line begins with, and one level's indent. */
export interface JsonLayout {
  readonly prefix: string;
  readonly indent: string;
  /** Pays for what stands before each member. */
  readonly spend: Spend;
}

/** A value as Go's json.Marshal writes it: sets as arrays, keys of any kind as text, no HTML. */
export function jsonText(value: RegoValue, layout?: JsonLayout): string {
  return written(value, layout, layout === undefined ? '' : `\n${layout.prefix}`);
}

/** An object's key in JSON: a string as it is, anything else as its JSON (OPA ast.JSON). */
export function objectKeyText(key: RegoValue): string {
  return typeof key === 'string' ? key : jsonText(key);
}

/** `newLine` is the line break with what the current level begins with. */
function written(value: RegoValue, layout: JsonLayout | undefined, newLine: string): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return jsonString(value);
  if (isNumber(value)) return writeNumber(value);
  const deeper = layout === undefined ? '' : newLine + layout.indent;
  if (isArray(value) || value instanceof RegoSet) {
    const members = isArray(value) ? value : value.values;
    layout?.spend(members.length * deeper.length);
    const texts = members.map((member) => written(member, layout, deeper));
    return wrapped(texts, '[]', newLine, deeper);
  }
  layout?.spend(value.entries.length * deeper.length);
  const colon = layout === undefined ? ':' : ': ';
  const texts = sortedByText(value).map(
    ([key, held]) => jsonString(key) + colon + written(held, layout, deeper),
  );
  return wrapped(texts, '{}', newLine, deeper);
}

function wrapped(
  members: readonly string[],
  brackets: '[]' | '{}',
  newLine: string,
  deeper: string,
): string {
  if (members.length === 0) return brackets;
  return `${brackets[0]}${deeper}${members.join(`,${deeper}`)}${newLine}${brackets[1]}`;
}

/** Keys that are strings are in their order already; others get the order of their text. */
function sortedByText(object: RegoObject): readonly (readonly [string, RegoValue])[] {
  const named = object.entries.map(([key, held]) => [objectKeyText(key), held] as const);
  return named.toSorted(([a], [b]) => compareText(a, b));
}

/** Go escapes what a browser might read as HTML or as the end of a script's line. */
function jsonString(text: string): string {
  return JSON.stringify(text.toWellFormed()).replace(
    /[<>&\u2028\u2029]/g,
    (character) => goEscapes[character] ?? character,
  );
}

const goEscapes: Readonly<Record<string, string>> = {
  '<': '\\u003c',
  '>': '\\u003e',
  '&': '\\u0026',
  '\u2028': '\\u2028',
  '\u2029': '\\u2029',
};
