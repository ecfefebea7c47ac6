import type {
  AccessExceptions,
  AccessRule,
  RequestMarks,
  TimeWindow,
  Values,
} from '../../domain/access/access.ts';
import { weekdays } from '../../domain/access/access.ts';
import { emptyMap } from '../../domain/empty-map.ts';
import type { JsonObject, JsonValue } from '../../domain/json.ts';
import { compilePathPattern } from '../../domain/request/path-pattern.ts';
import type { PrincipalPattern } from '../../domain/identity/principal-pattern.ts';
import { withHead } from '../../domain/with-head.ts';
import { anyMethod } from './any-method.ts';
import type { Effect } from './effect.ts';
import { PathIndex } from './path-index.ts';
import { spellingsOf } from './spellings.ts';

/** What must hold beside caller, method and path, by kind. The policy has a rule for each kind. */
export function needsOf(rule: AccessRule, effect: Effect): JsonObject {
  const { headers, scopes, when = {}, unless = {}, grpc } = rule;
  const needs: Record<string, JsonValue> = { ...marksOf(when, effect) };
  if (headers !== undefined) needs[headerKind(effect)] = valuesOf(headers);
  if (scopes !== undefined) needs['scopes'] = scopes;
  if (when.notBeforeMs !== undefined) needs['notBefore'] = when.notBeforeMs;
  if (when.notAfterMs !== undefined) needs['notAfter'] = when.notAfterMs;
  if (when.times !== undefined) needs['times'] = when.times.flatMap(timesOf);
  if (effect === 'closes') return needs;
  // Who denies a gRPC method does not ask how it is called.
  if (grpc !== undefined) needs['grpc'] = true;
  const known = knowable.filter((kind) => unless[kind] !== undefined);
  if (known.length > 0) needs['known'] = known;
  return needs;
}

/** What is left out by these must not be let through because nobody knows it. */
const knowable = ['sourceIps', 'ports', 'hosts'] as const;

/** What takes a request out of a rule, by kind: any of it does. */
export function exceptionsOf(unless: AccessExceptions, effectOfRule: Effect): JsonObject {
  const effect: Effect = effectOfRule === 'opens' ? 'closes' : 'opens';
  const { from, methods, paths, headers } = unless;
  const exceptions: Record<string, JsonValue> = { ...marksOf(unless, 'opens') };
  if (from !== undefined) exceptions['from'] = principalsOf(from);
  if (methods !== undefined) exceptions['methods'] = withHead(methods);
  if (paths !== undefined) exceptions['paths'] = pathsOf(paths, effect);
  if (headers !== undefined) exceptions[headerKind(effect)] = valuesOf(headers);
  return exceptions;
}

function headerKind(effect: Effect): string {
  return effect === 'opens' ? 'everyHeaderValue' : 'someHeaderValue';
}

function marksOf({ sourceIps, ports, hosts, claims }: RequestMarks, effect: Effect): JsonObject {
  const ways = {
    ...(sourceIps && { sourceIps }),
    ...(ports && { ports }),
    ...(hosts && { hosts }),
  };
  const isInDoubt = effect === 'closes' && Object.keys(ways).length > 0;
  return {
    ...(isInDoubt ? { perhaps: ways } : ways),
    ...(claims && { claims: valuesOf(claims) }),
  };
}

function valuesOf(named: ReadonlyMap<string, Values>): JsonObject {
  const values = emptyMap<JsonValue>();
  for (const [name, accepted] of named) values[name] = accepted === 'present' ? '*' : accepted;
  return values;
}

/** Principals as the policy looks a caller up. */
export function principalsOf(patterns: readonly PrincipalPattern[]): JsonObject {
  const exact = emptyMap<JsonValue>();
  const under = emptyMap<JsonValue>();
  for (const pattern of patterns) {
    if (pattern.kind === 'exact') exact[pattern.principal] = true;
    if (pattern.kind === 'under') under[pattern.parent] = true;
  }
  return { any: patterns.some(({ kind }) => kind === 'any'), exact, under };
}

function pathsOf(paths: readonly string[], effect: Effect): JsonObject {
  const index = new PathIndex();
  for (const pattern of paths.map(compilePathPattern)) {
    for (const spelling of spellingsOf(pattern, effect)) index.leafOf(spelling).add([anyMethod], 0);
  }
  return index.toJson();
}

const dayNames = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const dayMinutes = 24 * 60;

/** A window that goes over midnight is two. */
function timesOf({ days, fromMinute, toMinute, timeZone }: TimeWindow): JsonObject[] {
  const begins = days.map((day) => weekdays.indexOf(day));
  const windowOn = (numbers: readonly number[], from: number, to: number): JsonObject => ({
    days: numbers.map((number) => dayNames[number % 7] ?? ''),
    from,
    to,
    timeZone,
  });
  if (fromMinute < toMinute) return [windowOn(begins, fromMinute, toMinute)];
  const next = begins.map((number) => number + 1);
  return [windowOn(begins, fromMinute, dayMinutes), windowOn(next, 0, toMinute)];
}
