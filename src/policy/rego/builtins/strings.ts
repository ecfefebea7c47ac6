import { BuiltinError, BuiltinHalt, type BuiltinTable, type Spend } from '../builtin.ts';
import { RegoSet, type RegoValue, typeNameOf } from '../value.ts';
import {
  arrayOperand,
  integerOperand,
  membersOf,
  operandTypeError,
  stringOperand,
  stringsOperand,
} from './operands.ts';
import { literalOf } from './rego-literal.ts';

/** OPA v1/topdown/strings.go: what of it the WASM module leaves to its host. */
export const stringBuiltins: BuiltinTable = {
  indexof_n: ({ spend }, text, part) =>
    indexesOf(stringOperand(text, 1), stringOperand(part, 2), spend),
  'strings.any_prefix_match': ({ spend }, texts, prefixes) =>
    anyMatch(texts, prefixes, spend, (text, prefix) => text.startsWith(prefix)),
  'strings.any_suffix_match': ({ spend }, texts, suffixes) =>
    anyMatch(texts, suffixes, spend, (text, suffix) => text.endsWith(suffix)),
  'strings.count': (_call, text, part) =>
    occurrences(stringOperand(text, 1), stringOperand(part, 2)),
  'strings.split_n': (_call, text, separator, count) =>
    firstOrLast(
      split(stringOperand(text, 1), stringOperand(separator, 2)),
      integerOperand(count, 3),
    ),
  'internal.template_string': (_call, parts) => arrayOperand(parts, 1).map(templatePart).join(''),
};

/** Where the part begins, counted in code points; occurrences may overlap. */
function indexesOf(text: string, part: string, spend: Spend): number[] {
  if (part === '') throw new BuiltinError('empty search character');
  const indexes: number[] = [];
  let codePoints = 0;
  let counted = 0;
  for (let at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + 1)) {
    spend(part.length / 4);
    codePoints += codePointCount(text.slice(counted, at));
    counted = at;
    indexes.push(codePoints);
  }
  return indexes;
}

function codePointCount(text: string): number {
  return text.length - (text.match(/[\ud800-\udbff][\udc00-\udfff]/g)?.length ?? 0);
}

function anyMatch(
  texts: RegoValue,
  affixes: RegoValue,
  spend: Spend,
  matches: (text: string, affix: string) => boolean,
): boolean {
  const [left, right] = [textsOperand(texts, 1), textsOperand(affixes, 2)];
  return left.some((text) => {
    spend(2 * right.length);
    return right.some((affix) => matches(text, affix));
  });
}

function textsOperand(value: RegoValue, position: number): readonly string[] {
  if (typeof value === 'string') return [value];
  if (membersOf(value) !== undefined) return stringsOperand(value, position);
  throw operandTypeError(position, value, 'string', 'set', 'array');
}

/** Without overlaps; of nothing there is one around each code point (Go's strings.Count). */
function occurrences(text: string, part: string): number {
  if (part === '') return codePointCount(text) + 1;
  let count = 0;
  for (let at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + part.length)) count += 1;
  return count;
}

/** Go's strings.Split: by nothing, into code points. */
function split(text: string, separator: string): string[] {
  return separator === '' ? Array.from(text) : text.split(separator);
}

/** The last when the count is negative. */
function firstOrLast(parts: readonly string[], count: number): readonly string[] {
  return count < 0 ? parts.slice(count) : parts.slice(0, count);
}

/** A part is text, or a set that holds what the part's expression gave: one value, or nothing. */
function templatePart(part: RegoValue): string {
  if (!(part instanceof RegoSet)) return plainText(part);
  if (part.values.length > 1) {
    throw new BuiltinHalt('template-strings must not produce multiple outputs');
  }
  const [value] = part.values;
  if (value === undefined) return '<undefined>';
  return typeof value === 'string' ? value : literalOf(value);
}

function plainText(value: RegoValue): string {
  if (typeof value === 'string') return value;
  if (membersOf(value) === undefined && typeNameOf(value) !== 'object') return literalOf(value);
  throw new BuiltinHalt(`illegal argument type: ${typeNameOf(value)}`);
}
