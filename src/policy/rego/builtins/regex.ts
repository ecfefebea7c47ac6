import type { Matcher } from 're2js';
import { BuiltinHalt, type BuiltinTable } from '../builtin.ts';
import { globsIntersect } from './glob-intersection.ts';
import { integerOperand, stringOperand } from './operands.ts';
import { compileRegex, type Regex } from './regex-cache.ts';
import { templatePattern } from './regex-template.ts';

/** OPA v1/topdown/regex.go: what of it the WASM module leaves to its host. */
export const regexBuiltins: BuiltinTable = {
  'regex.find_n': (_call, pattern, text, count) => {
    const regex = compileRegex(stringOperand(pattern, 1));
    const searched = stringOperand(text, 2);
    const matches = allMatches(regex, searched, integerOperand(count, 3));
    return matches.map(([start = 0, end = 0]) => searched.slice(start, end));
  },
  'regex.replace': (_call, text, pattern, replacement) =>
    replaced(
      stringOperand(text, 1),
      compileRegex(stringOperand(pattern, 2)),
      stringOperand(replacement, 3),
    ),
  'regex.split': (_call, pattern, text) =>
    split(compileRegex(stringOperand(pattern, 1)), stringOperand(text, 2)),
  'regex.template_match': (_call, template, text, start, end) => {
    const delimiters = [stringOperand(start, 3), stringOperand(end, 4)] as const;
    const regex = compileRegex(templatePattern(stringOperand(template, 1), ...delimiters));
    return allMatches(regex, stringOperand(text, 2), 1).length > 0;
  },
  'regex.globs_match': (_call, a, b) => globsIntersect(stringOperand(a, 1), stringOperand(b, 2)),
};

/** Where the match and each of its groups begin and end; -1 for a group without part in it. */
type Match = readonly number[];

/** Steps that one search may take, about half a second of them: text × pattern. */
const maxSearchSteps = 20_000_000;

/** One search takes linear time, but all matches may take a search each. */
const maxSearchMs = 100;

/** Go's FindAll: an empty match right behind another does not count. Below zero: all of them. */
function allMatches({ pattern, groups }: Regex, text: string, count: number): Match[] {
  if (text.length * pattern.programSize() > maxSearchSteps) throw tooLong();
  const deadlineMs = performance.now() + maxSearchMs;
  const matcher = pattern.matcher(text);
  const matches: Match[] = [];
  let previousEnd = -1;
  for (let at = 0; at <= text.length && matches.length !== count;) {
    if (!matcher.find(at)) break;
    if (performance.now() > deadlineMs) throw tooLong();
    const [start, end] = [matcher.start(), matcher.end()];
    const isEmptyHere = end === at;
    if (!isEmptyHere || start !== previousEnd) matches.push(boundsOf(matcher, groups));
    previousEnd = end;
    at = isEmptyHere ? at + ((text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1) : end;
  }
  return matches;
}

function tooLong(): BuiltinHalt {
  return new BuiltinHalt('regex: the search takes too long');
}

function boundsOf(matcher: Matcher, groups: number): number[] {
  const bounds: number[] = [];
  for (let group = 0; group <= groups; group += 1) {
    bounds.push(matcher.start(group), matcher.end(group));
  }
  return bounds;
}

/** Go's Split: an empty match at the very beginning parts nothing. */
function split(regex: Regex, text: string): string[] {
  if (text === '') return regex.pattern.pattern() === '' ? [] : [''];
  const parts: string[] = [];
  let [begin, end] = [0, 0];
  for (const [start = 0, stop = 0] of allMatches(regex, text, -1)) {
    end = start;
    if (stop !== 0) parts.push(text.slice(begin, end));
    begin = stop;
  }
  if (end !== text.length) parts.push(text.slice(begin));
  return parts;
}

function replaced(text: string, regex: Regex, replacement: string): string {
  const pieces: string[] = [];
  let begin = 0;
  for (const match of allMatches(regex, text, -1)) {
    const [start = 0, end = 0] = match;
    pieces.push(text.slice(begin, start), expanded(replacement, text, match, regex));
    begin = end;
  }
  return pieces.join('') + text.slice(begin);
}

/** `$$`, `$name` as long as the name goes, `${name}`; any other `$` stands for itself. */
const references = /\$(?:\$|\{([\p{L}\p{Nd}_]+)\}|([\p{L}\p{Nd}_]+))/gu;

function expanded(replacement: string, text: string, match: Match, { names }: Regex): string {
  return replacement.replace(references, (reference, braced?: string, bare?: string) => {
    const name = braced ?? bare;
    if (name === undefined) return reference.slice(1);
    const group = /^\d+$/.test(name) ? Number(name) : names.get(name);
    const [start = -1, end = -1] = group === undefined ? [] : match.slice(2 * group);
    return start < 0 ? '' : text.slice(start, end);
  });
}
