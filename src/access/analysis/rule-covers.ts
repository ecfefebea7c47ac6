import { isDeepStrictEqual } from 'node:util';
import type { AccessRule } from '../../domain/access.ts';
import { compilePathPattern, type PathPattern } from '../../domain/path-pattern.ts';
import { covers } from '../../domain/principal-pattern.ts';
import { withHead } from '../../domain/with-head.ts';

/**
 * Whether every request that `narrow` matches is matched by `wide` too. Conditions are compared, not
 * understood: false where only a comparison of their meanings would show it.
 */
export function ruleCovers(wide: AccessRule, narrow: AccessRule): boolean {
  return callersCover(wide, narrow) && requestsCover(wide, narrow) && conditionsCover(wide, narrow);
}

function callersCover({ from: wide }: AccessRule, { from: narrow }: AccessRule): boolean {
  if (wide === undefined) return true;
  return narrow?.every((one) => wide.some((other) => covers(other, one))) ?? false;
}

function requestsCover(wide: AccessRule, narrow: AccessRule): boolean {
  if (wide.tcp !== undefined || narrow.tcp !== undefined) return portsCover(wide, narrow);
  return methodsCover(wide, narrow) && pathsCover(wide, narrow);
}

function portsCover({ tcp: wide }: AccessRule, { tcp: narrow }: AccessRule): boolean {
  return narrow?.ports.every((port) => wide?.ports.includes(port)) ?? false;
}

function methodsCover(wide: AccessRule, narrow: AccessRule): boolean {
  const [some, others] = [methodsOf(wide), methodsOf(narrow)];
  // What has no path, a tunnel or `OPTIONS *`, is only for rules that name its method.
  if (some === undefined) {
    const isPathless = patternsOf(narrow) === undefined && others?.includes('OPTIONS') === true;
    return others?.includes('CONNECT') !== true && !isPathless;
  }
  return others?.every((method) => some.includes(method)) ?? false;
}

function methodsOf({ methods, grpc }: AccessRule): readonly string[] | undefined {
  return grpc === undefined ? methods && withHead(methods) : ['POST'];
}

function pathsCover(wide: AccessRule, narrow: AccessRule): boolean {
  // A gRPC rule asks for a content type too.
  if (wide.grpc !== undefined && narrow.grpc === undefined) return false;
  const patterns = patternsOf(wide);
  if (patterns === undefined) return true;
  return (
    patternsOf(narrow)?.every((one) => patterns.some((other) => patternCovers(other, one))) ?? false
  );
}

function patternsOf({ paths, grpc }: AccessRule): readonly PathPattern[] | undefined {
  const texts = grpc?.map((method) => `/${method.replace('*', '{method}')}`) ?? paths;
  return texts?.map(compilePathPattern);
}

export function patternCovers(wide: PathPattern, narrow: PathPattern): boolean {
  if (narrow.open && !wide.open) return false;
  const isLongEnough = narrow.steps.length >= wide.steps.length;
  if (!isLongEnough || (!wide.open && narrow.steps.length > wide.steps.length)) return false;
  return wide.steps.every((step, at) => {
    const other = narrow.steps[at];
    if (step.kind === 'literal') return other?.kind === 'literal' && other.text === step.text;
    return other !== undefined && !(other.kind === 'literal' && other.text === '');
  });
}

/** What is asked for by the wide rule is asked for by the narrow one in the same words. */
function conditionsCover(wide: AccessRule, narrow: AccessRule): boolean {
  return conditions.every(
    (name) => wide[name] === undefined || isDeepStrictEqual(wide[name], narrow[name]),
  );
}

const conditions = ['headers', 'scopes', 'when', 'unless'] as const;
