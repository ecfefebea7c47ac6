import { isDeepStrictEqual } from 'node:util';
import {
  covers,
  formatPrincipalPattern,
  parsePrincipalPattern,
  type PrincipalPattern,
} from '../../domain/identity/principal-pattern.ts';
import type { Effect } from '../index/effect.ts';
import { carrierOf, type Mesh } from './carry.ts';
import type { IstioCondition, IstioRule } from './policy.ts';
import type { Part, PartValue, WrittenRule, WrittenValues } from './written.ts';

/** What became of a rule of Istio, and what could not be carried. */
export interface Converted {
  readonly rules: readonly Omit<WrittenRule, 'name'>[];
  readonly notes: readonly string[];
}

/**
 * A rule of Istio as rules of an access document, one for each pair of source and operation. What
 * opens the gate is never wider than Istio's, and what closes it never narrower: where that cannot
 * be, a rule that opens is left out, and one that closes does without the condition.
 */
export function convertRule({ from, to, when }: IstioRule, effect: Effect, mesh: Mesh): Converted {
  const notes: string[] = [];
  const sources = from.length === 0 ? [[]] : from;
  const operations = to.length === 0 ? [[]] : to;
  const rules = sources.flatMap((source) =>
    operations.flatMap((operation) => {
      const draft = new Draft(effect, mesh);
      for (const condition of [...source, ...operation, ...when]) draft.add(condition);
      notes.push(...draft.notes);
      return draft.rules();
    }),
  );
  return { rules, notes: [...new Set(notes)] };
}

/** One rule while its conditions are added. */
class Draft {
  readonly notes: string[] = [];
  readonly #effect: Effect;
  readonly #mesh: Mesh;
  #must: Part = {};
  #unless: Part = {};
  #leftOut = false;

  constructor(effect: Effect, mesh: Mesh) {
    this.#effect = effect;
    this.#mesh = mesh;
  }

  add(condition: IstioCondition): void {
    const { key, values, negated } = condition;
    const { narrow, wide, beside } = carrierOf(key)?.(values, this.#mesh) ?? {};
    const isWidened = (this.#effect === 'opens') === negated;
    const part = isWidened ? wide : narrow;
    if (!isWidened && beside !== undefined) this.notes.push(`${saidOf(condition)}: ${beside}`);
    const joined = part && (negated ? either(this.#unless, part) : both(this.#must, part));
    const isWhole = narrow !== undefined && isDeepStrictEqual(narrow, wide);
    if (!isWhole) this.#note(condition, joined !== undefined);
    if (joined === undefined) this.#leftOut ||= this.#effect === 'opens';
    else if (negated) this.#unless = joined;
    else this.#must = joined;
  }

  rules(): readonly Omit<WrittenRule, 'name'>[] {
    if (this.#leftOut) return [];
    const { methods = [] } = this.#must;
    const onlyGet = methods.includes('GET') && !methods.includes('HEAD');
    if (this.#effect === 'opens') {
      const headless = onlyGet ? joinUnless(this.#unless, { methods: ['HEAD'] }) : this.#unless;
      return [toRule({ from: ['*'], ...this.#must }, headless)];
    }
    const { methods: spared = [], ...others } = this.#unless;
    const sparesHead = spared.includes('GET') && !spared.includes('HEAD');
    return [
      toRule(this.#must, this.#unless),
      ...(sparesHead ? [toRule({ ...this.#must, methods: ['HEAD'] }, others)] : []),
    ];
  }

  #note(condition: IstioCondition, carried: boolean): void {
    const consequence = carried
      ? this.#effect === 'opens'
        ? 'is carried in part: less is allowed'
        : 'is carried in part: more is denied'
      : this.#effect === 'opens'
        ? 'cannot be carried: the rule is left out, and what it allowed is denied'
        : 'cannot be carried: without it, more is denied';
    this.notes.push(`${saidOf(condition)} ${consequence}`);
  }
}

function saidOf({ key, values, negated }: IstioCondition): string {
  const listed = values.length === 0 ? '' : ` ${values.join(', ')}`;
  return `${negated ? 'not ' : ''}${key}${listed}`;
}

function toRule(must: Part, unless: Part): Omit<WrittenRule, 'name'> {
  const { from, methods, paths, headers, ...when } = must;
  return {
    ...(from && { from }),
    ...(methods && { methods }),
    ...(paths && { paths }),
    ...(headers && { headers }),
    ...(Object.keys(when).length > 0 && { when }),
    ...(Object.keys(unless).length > 0 && { unless }),
  };
}

function joinUnless(unless: Part, more: Part): Part {
  return either(unless, more) ?? unless;
}

/** Both must hold. Undefined when nobody can say so, or nothing would. */
function both(one: Part, other: Part): Part | undefined {
  const joined: Record<string, PartValue> = { ...one };
  for (const [kind, value] of valuesOf(other)) {
    const present = joined[kind];
    const wanted = present === undefined ? value : bothValues(kind, present, value);
    if (wanted === undefined || (isList(wanted) && wanted.length === 0)) return undefined;
    joined[kind] = wanted;
  }
  return joined;
}

/** One must hold. Undefined when nobody can say so. */
function either(one: Part, other: Part): Part | undefined {
  const joined: Record<string, PartValue> = { ...one };
  for (const [kind, value] of valuesOf(other)) {
    const present = joined[kind];
    if (present !== undefined && !(isList(present) && isList(value))) return undefined;
    joined[kind] = present === undefined ? value : unionOf(present, value);
  }
  return joined;
}

function valuesOf(part: Part): [kind: string, value: PartValue][] {
  return Object.entries<PartValue>(part);
}

function isList(value: PartValue): value is readonly (string | number)[] {
  return Array.isArray(value);
}

function unionOf(some: PartValue, others: PartValue): PartValue {
  return isList(some) && isList(others) ? [...new Set([...some, ...others])] : some;
}

function bothValues(kind: string, some: PartValue, others: PartValue): PartValue | undefined {
  if (kind === 'paths') return undefined;
  if (!isList(some) || !isList(others)) {
    return isList(some) || isList(others) ? undefined : bothByName(some, others);
  }
  return kind === 'from'
    ? commonCallers(some.map(String), others.map(String))
    : common(some, others);
}

function common<T>(some: readonly T[], others: readonly T[]): readonly T[] {
  return some.filter((value) => others.includes(value));
}

function commonCallers(some: readonly string[], others: readonly string[]): readonly string[] {
  const [ones, twos] = [patternsOf(some), patternsOf(others)];
  const within = [
    ...ones.filter((one) => twos.some((two) => covers(two, one))),
    ...twos.filter((two) => ones.some((one) => covers(one, two))),
  ];
  return [...new Set(within.map(formatPrincipalPattern))];
}

function patternsOf(texts: readonly string[]): readonly PrincipalPattern[] {
  return texts.map(parsePrincipalPattern).filter((pattern) => pattern !== undefined);
}

type ByName = Readonly<Record<string, WrittenValues>>;

/** Two lists for one name have to agree on a value. */
function bothByName(some: ByName, others: ByName): ByName | undefined {
  const joined = new Map(Object.entries(some));
  for (const [name, wanted] of Object.entries(others)) {
    const before = joined.get(name);
    const values =
      before === undefined || before === '*'
        ? wanted
        : wanted === '*'
          ? before
          : common(before, wanted);
    if (values.length === 0) return undefined;
    joined.set(name, values);
  }
  return Object.fromEntries(joined);
}
