import type { Matcher } from 're2js';
import { BuiltinHalt, type BuiltinTable, type Spend } from '../../builtin.ts';
import { globsIntersect } from '../globs/intersection.ts';
import { integerOperand, stringOperand } from '../operands.ts';
import { compileRegex, type Regex, unitsPerStep } from './cache.ts';
import { templatePattern } from './template.ts';

/** OPA v1/topdown/regex.go: what of it the WASM module leaves to its host. */
export const regexBuiltins: BuiltinTable = {
  'regex.find_n': ({ spend }, pattern, text, count) => {
    const regex = compileRegex(stringOperand(pattern, 1));
    const searched = stringOperand(text, 2);
    const matches = allMatches(regex, searched, integerOperand(count, 3), spend);
    return matches.map(([start = 0, end = 0]) => searched.slice(start, end));
  },
  'regex.replace': ({ spend }, text, pattern, replacement) =>
    replaced(
      stringOperand(text, 1),
      compileRegex(stringOperand(pattern, 2)),
      stringOperand(replacement, 3),
      spend,
    ),
  'regex.split': ({ spend }, pattern, text) =>
    split(compileRegex(stringOperand(pattern, 1)), stringOperand(text, 2), spend),
  'regex.template_match': ({ spend }, template, text, start, end) => {
    const delimiters = [stringOperand(start, 3), stringOperand(end, 4)] as const;
    const regex = compileRegex(templatePattern(stringOperand(template, 1), ...delimiters));
    return allMatches(regex, stringOperand(text, 2), 1, spend).length > 0;
  },
  'regex.globs_match': ({ spend }, a, b) =>
    globsIntersect(stringOperand(a, 1), stringOperand(b, 2), spend),
};

/** Where the match and each of its groups begin and end; -1 for a group without part in it. */
type Match = readonly number[];

/** What compiling takes of each instruction, though the last patterns are kept. */
const unitsPerInstruction = 300;

/** Go's FindAll: an empty match right behind another does not count. Below zero: all of them. */
function allMatches(
  { pattern, groups }: Regex,
  text: string,
  count: number,
  spend: Spend,
): Match[] {
  spend(pattern.programSize() * (unitsPerInstruction + unitsPerStep * text.length));
  const expectTime = createTimeLimit();
  const matcher = pattern.matcher(text);
  const matches: Match[] = [];
  let previousEnd = -1;
  for (let at = 0; at <= text.length && matches.length !== count;) {
    if (!matcher.find(at)) break;
    expectTime();
    const [start, end] = [matcher.start(), matcher.end()];
    const isEmptyHere = end === at;
    if (!isEmptyHere || start !== previousEnd) matches.push(boundsOf(matcher, groups));
    previousEnd = end;
    at = isEmptyHere ? at + ((text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1) : end;
  }
  return matches;
}

/** One search takes linear time, but all matches may take a search each. */
const maxSearchMs = 20;

/**
 * Throws once that much time was worked, and not merely waited for the processor: which is asked only
 * after a while, for that takes a microsecond itself.
 */
function createTimeLimit(): () => void {
  const startedMs = performance.now();
  let workedMsBefore: number | undefined;
  return () => {
    const passedMs = performance.now() - startedMs;
    if (passedMs < 1) return;
    workedMsBefore ??= workedMs();
    if (passedMs > maxSearchMs && workedMs() - workedMsBefore > maxSearchMs) {
      throw new BuiltinHalt('regex: all matches together take too long');
    }
  };
}

function workedMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

function boundsOf(matcher: Matcher, groups: number): number[] {
  const bounds: number[] = [];
  for (let group = 0; group <= groups; group += 1) {
    bounds.push(matcher.start(group), matcher.end(group));
  }
  return bounds;
}

/** Go's Split: an empty match at the very beginning parts nothing. */
function split(regex: Regex, text: string, spend: Spend): string[] {
  if (text === '') return regex.pattern.pattern() === '' ? [] : [''];
  const parts: string[] = [];
  let [begin, end] = [0, 0];
  for (const [start = 0, stop = 0] of allMatches(regex, text, -1, spend)) {
    end = start;
    if (stop !== 0) parts.push(text.slice(begin, end));
    begin = stop;
  }
  if (end !== text.length) parts.push(text.slice(begin));
  return parts;
}

function replaced(text: string, regex: Regex, replacement: string, spend: Spend): string {
  const pieces: string[] = [];
  let begin = 0;
  for (const match of allMatches(regex, text, -1, spend)) {
    const [start = 0, end = 0] = match;
    spend(100 + 4 * replacement.length);
    const expansion = expanded(replacement, text, match, regex);
    spend(expansion.length);
    pieces.push(text.slice(begin, start), expansion);
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
