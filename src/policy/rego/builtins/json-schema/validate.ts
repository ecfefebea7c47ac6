import type { Spend } from '../../builtin.ts';
import { isArray, isNumber, RegoObject, type RegoValue } from '../../value.ts';
import { exactInteger } from '../exact-number.ts';
import type { SchemaNode } from './node.ts';
import { judgeNumber } from './numbers.ts';
import { Verdict, type SchemaFault } from './verdict.ts';
import { textKey } from './text.ts';
import { isFound, judgeText, judgeUniqueness, judgeValue } from './values.ts';

/** What is wrong with a document, in gojsonschema's order and words; members in their order. */
export function validate(
  schema: SchemaNode,
  document: RegoValue,
  spend: Spend,
): readonly SchemaFault[] {
  return judge(schema, document, [], spend).faults;
}

/** What judging one value by one schema takes; some keywords take more. */
const unitsPerJudgement = 300;

function judge(
  schema: SchemaNode,
  value: RegoValue,
  path: readonly string[],
  spend: Spend,
): Verdict {
  const verdict = new Verdict(path, spend);
  judgeInto(verdict, schema, value);
  return verdict;
}

function judgeInto(verdict: Verdict, schema: SchemaNode, value: RegoValue): void {
  verdict.spend(unitsPerJudgement);
  if (schema.pass !== undefined) {
    if (!schema.pass) verdict.fault('false', 'False always fails validation');
    return;
  }
  if (schema.reference !== undefined) {
    judgeInto(verdict, schema.reference, value);
    return;
  }
  const given = typeOf(value);
  if (!isOfType(schema, given)) {
    const expected = schema.types.length > 1 ? `[${schema.types.join()}]` : schema.types.join();
    verdict.fault('invalid_type', `Invalid type. Expected: ${expected}, given: ${given}`);
    return;
  }
  judgeLogic(verdict, schema, value);
  if (isNumber(value)) judgeNumber(verdict, schema, value);
  if (isArray(value)) judgeArray(verdict, schema, value);
  if (value instanceof RegoObject) judgeObject(verdict, schema, membersOf(value));
  judgeValue(verdict, schema, value);
  if (typeof value === 'string') judgeText(verdict, schema, value);
  if (value instanceof RegoObject) judgeProperties(verdict, schema, membersOf(value));
  verdict.score += 1;
}

function typeOf(value: RegoValue): string {
  if (value === null) return 'null';
  if (isNumber(value)) return exactInteger(value) === undefined ? 'number' : 'integer';
  if (isArray(value)) return 'array';
  return value instanceof RegoObject ? 'object' : typeof value;
}

function isOfType({ types }: SchemaNode, given: string): boolean {
  return (
    types.length === 0 || types.includes(given) || (given === 'integer' && types.includes('number'))
  );
}

function judgeLogic(verdict: Verdict, schema: SchemaNode, value: RegoValue): void {
  const judged = (one: SchemaNode) => judge(one, value, verdict.path, verdict.spend);
  if (schema.anyOf.length > 0) {
    const verdicts = untilValid(schema.anyOf, judged);
    if (verdicts.at(-1)?.isValid !== true) {
      verdict.fault('number_any_of', 'Must validate at least one schema (anyOf)');
      mergeBest(verdict, verdicts);
    }
  }
  if (schema.oneOf.length > 0) {
    const verdicts = schema.oneOf.map(judged);
    const valid = verdicts.filter(({ isValid }) => isValid).length;
    if (valid !== 1)
      verdict.fault('number_one_of', 'Must validate one and only one schema (oneOf)');
    if (valid === 0) mergeBest(verdict, verdicts);
  }
  const all = schema.allOf.map(judged);
  for (const one of all) verdict.merge(one);
  if (all.some(({ isValid }) => !isValid)) {
    verdict.fault('number_all_of', 'Must validate all the schemas (allOf)');
  }
  if (schema.not !== undefined && judged(schema.not).isValid) {
    verdict.fault('number_not', 'Must not validate the schema (not)');
  }
  if (value instanceof RegoObject) judgeDependencies(verdict, schema, value);
  judgeCondition(verdict, schema, judged);
  verdict.score += 1;
}

function untilValid<T>(values: readonly T[], judged: (value: T, at: number) => Verdict): Verdict[] {
  const verdicts: Verdict[] = [];
  for (const [at, value] of values.entries()) {
    const verdict = judged(value, at);
    verdicts.push(verdict);
    if (verdict.isValid) break;
  }
  return verdicts;
}

/** The faults of the schema that came closest: probably the one that was meant. */
function mergeBest(verdict: Verdict, verdicts: readonly Verdict[]): void {
  const best = verdicts.reduce<Verdict | undefined>(
    (found, one) => (found === undefined || one.score > found.score ? one : found),
    undefined,
  );
  if (best !== undefined) verdict.merge(best);
}

function judgeDependencies(
  verdict: Verdict,
  { dependencies }: SchemaNode,
  value: RegoObject,
): void {
  if (dependencies.size === 0) return;
  const members = membersOf(value);
  for (const name of members.keys()) {
    const dependency = dependencies.get(name);
    if (dependency === undefined) continue;
    if ('types' in dependency) judgeInto(verdict, dependency, value);
    else {
      for (const needed of dependency) {
        if (!members.has(needed))
          verdict.fault('missing_dependency', `Has a dependency on ${needed}`);
      }
    }
  }
}

function judgeCondition(
  verdict: Verdict,
  schema: SchemaNode,
  judged: (schema: SchemaNode) => Verdict,
): void {
  if (schema.if === undefined) return;
  const holds = judged(schema.if).isValid;
  const branch = holds ? schema.then : schema.else;
  const inner = branch && judged(branch);
  if (inner === undefined || inner.isValid) return;
  if (holds) verdict.fault('condition_then', 'Must validate "then" as "if" was valid');
  else verdict.fault('condition_else', 'Must validate "else" as "if" was not valid');
  verdict.merge(inner);
}

function judgeArray(verdict: Verdict, schema: SchemaNode, values: readonly RegoValue[]): void {
  const judged = (one: SchemaNode, at: number) =>
    judge(one, values[at] ?? null, verdict.at(String(at)), verdict.spend);
  for (const [at] of values.entries()) {
    const item = itemSchema(schema, at);
    if (typeof item === 'object') verdict.merge(judged(item, at));
  }
  if (
    isTuple(schema.items) &&
    schema.items.length > 0 &&
    schema.items.length < values.length &&
    schema.additionalItems === false
  ) {
    verdict.fault('array_no_additional_items', 'No additional items allowed on array');
  }
  const { minItems, maxItems } = schema.counts;
  if (minItems !== undefined && values.length < minItems) {
    verdict.fault('array_min_items', `Array must have at least ${minItems} items`);
  }
  if (maxItems !== undefined && values.length > maxItems) {
    verdict.fault('array_max_items', `Array must have at most ${maxItems} items`);
  }
  if (schema.uniqueItems) judgeUniqueness(verdict, values);
  const { contains } = schema;
  if (contains !== undefined) {
    const verdicts = untilValid(values, (_value, at) => judged(contains, at));
    if (verdicts.at(-1)?.isValid !== true) {
      verdict.fault('contains', 'At least one of the items must match');
      mergeBest(verdict, verdicts);
    }
  }
  verdict.score += 1;
}

function isTuple(items: SchemaNode['items']): items is readonly SchemaNode[] {
  return Array.isArray(items);
}

function itemSchema(
  { items, additionalItems }: SchemaNode,
  at: number,
): SchemaNode | boolean | undefined {
  if (!isTuple(items)) return items;
  return items[at] ?? (items.length > 0 ? additionalItems : undefined);
}

type ObjectMembers = ReadonlyMap<string, RegoValue>;

/** A document is JSON: its keys are texts. */
function membersOf(value: RegoObject): ObjectMembers {
  return new Map(value.entries.map(([name, member]) => [textKey(name), member] as const));
}

function judgeObject(verdict: Verdict, schema: SchemaNode, members: ObjectMembers): void {
  const { minProperties, maxProperties } = schema.counts;
  if (minProperties !== undefined && members.size < minProperties) {
    verdict.fault('array_min_properties', `Must have at least ${minProperties} properties`);
  }
  if (maxProperties !== undefined && members.size > maxProperties) {
    verdict.fault('array_max_properties', `Must have at most ${maxProperties} properties`);
  }
  for (const name of schema.required) {
    if (members.has(name)) verdict.score += 1;
    else verdict.fault('required', `${name} is required`);
  }
  const described = new Set(schema.properties.map(([name]) => name));
  for (const [name, value] of members) {
    const matches = judgePatterns(verdict, schema, name, value);
    if (!matches && !described.has(name)) judgeAdditional(verdict, schema, name, value);
  }
  if (schema.propertyNames !== undefined) judgeNames(verdict, schema.propertyNames, members);
  verdict.score += 1;
}

function judgePatterns(
  verdict: Verdict,
  schema: SchemaNode,
  name: string,
  value: RegoValue,
): boolean {
  const matching = schema.patternProperties.filter(([pattern]) => isFound(pattern, name, verdict));
  for (const [, inner] of matching)
    verdict.merge(judge(inner, value, verdict.at(name), verdict.spend));
  if (matching.length > 0) verdict.score += 1;
  return matching.length > 0;
}

function judgeAdditional(
  verdict: Verdict,
  schema: SchemaNode,
  name: string,
  value: RegoValue,
): void {
  const additional = schema.additionalProperties;
  if (additional === false) {
    verdict.fault('additional_property_not_allowed', `Additional property ${name} is not allowed`);
  } else if (typeof additional === 'object') {
    verdict.merge(judge(additional, value, verdict.at(name), verdict.spend));
  }
}

function judgeNames(verdict: Verdict, names: SchemaNode, members: ObjectMembers): void {
  for (const name of members.keys()) {
    const inner = judge(names, name, verdict.path, verdict.spend);
    if (inner.isValid) continue;
    verdict.fault('invalid_property_name', `Property name of "${name}" does not match`);
    verdict.merge(inner);
  }
}

function judgeProperties(
  verdict: Verdict,
  { properties }: SchemaNode,
  members: ObjectMembers,
): void {
  for (const [name, schema] of properties) {
    const value = members.get(name);
    if (value !== undefined) verdict.merge(judge(schema, value, verdict.at(name), verdict.spend));
  }
}
