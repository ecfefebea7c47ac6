import type { RegoValue } from '../../value.ts';
import { isOfFormat } from './formats.ts';
import type { SchemaNode } from './node.ts';
import { canonicalText } from './text.ts';
import type { Verdict } from './verdict.ts';
import { type Regex, unitsPerStep } from '../regex/cache.ts';

export function judgeValue(verdict: Verdict, schema: SchemaNode, value: RegoValue): void {
  const text = schema.const === undefined && schema.enum === undefined ? '' : canonicalText(value);
  verdict.spend(10 * text.length + 4 * (schema.enum?.length ?? 0));
  if (schema.const !== undefined && text !== schema.const) {
    verdict.fault('const', `${verdict.field} does not match: ${schema.const}`);
  }
  if (schema.enum !== undefined && !schema.enum.includes(text)) {
    const allowed = schema.enum.join(', ');
    verdict.fault('enum', `${verdict.field} must be one of the following: ${allowed}`);
  }
  if (typeof value === 'string' && !isOfFormat(schema.format, value)) {
    verdict.fault('format', `Does not match format '${schema.format}'`);
  }
  verdict.score += 1;
}

export function judgeText(verdict: Verdict, { counts, pattern }: SchemaNode, text: string): void {
  const { minLength, maxLength } = counts;
  const length = minLength === undefined && maxLength === undefined ? 0 : Array.from(text).length;
  if (minLength !== undefined && length < minLength) {
    verdict.fault('string_gte', `String length must be greater than or equal to ${minLength}`);
  }
  if (maxLength !== undefined && length > maxLength) {
    verdict.fault('string_lte', `String length must be less than or equal to ${maxLength}`);
  }
  if (pattern !== undefined && !isFound(pattern, text, verdict)) {
    verdict.fault('pattern', `Does not match pattern '${pattern.pattern.pattern()}'`);
  }
  verdict.score += 1;
}

export function judgeUniqueness(verdict: Verdict, values: readonly RegoValue[]): void {
  const seen = new Map<string, number>();
  for (const [at, value] of values.entries()) {
    const text = canonicalText(value);
    verdict.spend(100 + 10 * text.length);
    const earlier = seen.get(text);
    if (earlier !== undefined)
      verdict.fault('unique', `array items[${earlier},${at}] must be unique`);
    seen.set(text, at);
  }
}

export function isFound({ pattern }: Regex, text: string, { spend }: Verdict): boolean {
  spend(100 + unitsPerStep * pattern.programSize() * text.length);
  return pattern.matcher(text).find();
}
