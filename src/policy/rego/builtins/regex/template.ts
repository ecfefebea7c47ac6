import { BuiltinError } from '../../builtin.ts';
import { compileRegex } from './cache.ts';

/** The pattern of `foo:<[0-9]+>`: what stands between the delimiters is a pattern, the rest text. */
export function templatePattern(template: string, start: string, end: string): string {
  for (const [name, delimiter] of [
    ['start', start],
    ['end', end],
  ] as const) {
    if (Buffer.byteLength(delimiter) !== 1) {
      throw new BuiltinError(`${name} delimiter has to be exactly one character long`);
    }
  }
  let pattern = '^';
  let done = 0;
  for (const [from, to] of delimited(template, start, end)) {
    const inner = template.slice(from + 1, to - 1);
    compileRegex(`^${inner}$`);
    pattern += `${quoteMeta(template.slice(done, from))}(${inner})`;
    done = to;
  }
  return `${pattern}${quoteMeta(template.slice(done))}$`;
}

/** The outermost pairs of delimiters. When both are one character, it only ever opens. */
function delimited(template: string, start: string, end: string): [from: number, to: number][] {
  const pairs: [number, number][] = [];
  let [depth, opened] = [0, 0];
  for (let at = 0; at < template.length; at += 1) {
    if (template[at] === start) {
      depth += 1;
      if (depth === 1) opened = at;
    } else if (template[at] === end) {
      depth -= 1;
      if (depth === 0) pairs.push([opened, at + 1]);
      if (depth < 0) break;
    }
  }
  if (depth !== 0) throw new BuiltinError(`unbalanced braces in ${JSON.stringify(template)}`);
  return pairs;
}

/** Go's regexp.QuoteMeta. */
function quoteMeta(text: string): string {
  return text.replace(/[\\.+*?()|[\]{}^$]/g, '\\$&');
}
