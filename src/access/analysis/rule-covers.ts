import { cidrBlocks } from './cidr-blocks.ts';
import type { ComparedRule } from './compared-rule.ts';
import {
  claims,
  headers,
  paths,
  ports,
  principals,
  type Relation,
  scopes,
  texts,
} from './relation.ts';
import { timeWindows } from './time-windows.ts';

/**
 * Whether every request that `narrow`, which opens, matches is matched by `wide` too. False where it
 * cannot be told: two rules that together cover a third are not looked for.
 */
export function ruleCovers(wide: ComparedRule, narrow: ComparedRule): boolean {
  return (
    conditionsCover(wide, narrow) &&
    isAsked(principals, wide.rule.from, narrow.rule.from) &&
    requestsCover(wide, narrow) &&
    exceptionsCover(wide, narrow)
  );
}

/** Whether a rule that opens leaves out, by one of its exceptions, all that it is about. */
export function leavesNothing({ rule, patterns, methods, asked, leftOut }: ComparedRule): boolean {
  return (
    isAll(principals, leftOut.from, rule.from) ||
    isAll(texts, leftOut.methods, methods) ||
    isAll(paths, leftOut.patterns, patterns) ||
    isAll(headers, leftOut.headers, rule.headers) ||
    isAll(cidrBlocks, leftOut.blocks, asked.blocks) ||
    isAll(ports, leftOut.ports, asked.ports) ||
    isAll(texts, leftOut.hosts, asked.hosts) ||
    isAll(claims, leftOut.claims, asked.claims)
  );
}

function isAll<T>(relation: Relation<T>, leftOut: T | undefined, own: T | undefined): boolean {
  return leftOut !== undefined && isAsked(relation, leftOut, own);
}

/** What the wide rule asks, the narrow one asks too. */
function isAsked<T>(relation: Relation<T>, wide: T | undefined, narrow: T | undefined): boolean {
  return wide === undefined || (narrow !== undefined && relation.covers(wide, narrow));
}

function requestsCover(wide: ComparedRule, narrow: ComparedRule): boolean {
  const [connections, others] = [wide.rule.tcp, narrow.rule.tcp];
  if (connections !== undefined) return isAsked(ports, connections.ports, others?.ports);
  if (others === undefined) return methodsCover(wide, narrow) && pathsCover(wide, narrow);
  const isForAll = wide.patterns === undefined && wide.methods === undefined;
  return wide.effect === 'closes' && isForAll;
}

function methodsCover(wide: ComparedRule, narrow: ComparedRule): boolean {
  if (wide.methods !== undefined || wide.effect === 'closes') {
    return isAsked(texts, wide.methods, narrow.methods);
  }
  // What has no path, a tunnel or `OPTIONS *`, is only for rules that name its method.
  const isPathless = narrow.patterns === undefined && narrow.methods?.includes('OPTIONS') === true;
  return narrow.methods?.includes('CONNECT') !== true && !isPathless;
}

function pathsCover(wide: ComparedRule, narrow: ComparedRule): boolean {
  // A gRPC rule that opens asks for a content type too.
  const isOfType = wide.effect === 'opens' && wide.rule.grpc !== undefined;
  if (isOfType && narrow.rule.grpc === undefined) return false;
  return isAsked(paths, wide.patterns, narrow.patterns);
}

function conditionsCover(wide: ComparedRule, narrow: ComparedRule): boolean {
  const [some, others] = [wide.asked, narrow.asked];
  return (
    isAsked(headers, wide.rule.headers, narrow.rule.headers) &&
    isAsked(scopes, wide.rule.scopes, narrow.rule.scopes) &&
    isAsked(cidrBlocks, some.blocks, others.blocks) &&
    isAsked(ports, some.ports, others.ports) &&
    isAsked(texts, some.hosts, others.hosts) &&
    isAsked(claims, some.claims, others.claims) &&
    (some.notBeforeMs ?? -Infinity) <= (others.notBeforeMs ?? -Infinity) &&
    (some.notAfterMs ?? Infinity) >= (others.notAfterMs ?? Infinity) &&
    isAsked(timeWindows, some.times, others.times)
  );
}

function exceptionsCover(wide: ComparedRule, narrow: ComparedRule): boolean {
  const [some, others] = [wide.leftOut, narrow.leftOut];
  const { asked, rule } = narrow;
  return (
    isSpared(principals, some.from, others.from, rule.from) &&
    isSpared(texts, some.methods, others.methods, narrow.methods) &&
    isSpared(paths, some.patterns, others.patterns, narrow.patterns) &&
    isSpared(headers, some.headers, others.headers, rule.headers) &&
    isSpared(cidrBlocks, some.blocks, others.blocks, asked.blocks) &&
    isSpared(ports, some.ports, others.ports, asked.ports) &&
    isSpared(texts, some.hosts, others.hosts, asked.hosts) &&
    isSpared(claims, some.claims, others.claims, asked.claims)
  );
}

/** What the wide rule leaves out, the narrow one leaves out too, or asks for something else. */
function isSpared<T>(
  relation: Relation<T>,
  wide: T | undefined,
  narrow: T | undefined,
  asked: T | undefined,
): boolean {
  if (wide === undefined || (narrow !== undefined && relation.covers(narrow, wide))) return true;
  return asked !== undefined && !relation.meets(asked, wide);
}
