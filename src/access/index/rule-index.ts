import type { AccessRule } from '../../domain/access/access.ts';
import { emptyMap } from '../../domain/empty-map.ts';
import type { JsonObject, JsonValue } from '../../domain/json.ts';
import { compilePathPattern, type PathPattern } from '../../domain/request/path-pattern.ts';
import type { PrincipalPattern } from '../../domain/identity/principal-pattern.ts';
import { withHead } from '../../domain/with-head.ts';
import type { Effect } from './effect.ts';
import { anyMethod } from './any-method.ts';
import { MethodLeaf, PathIndex } from './path-index.ts';
import { spellingsOf } from './spellings.ts';

/**
 * The rules of one service by caller, then by path, then by method: what the policy finds at the end
 * are the rules that only their conditions tell apart.
 */
export class RuleIndex {
  readonly #effect: Effect;
  #any: CallerIndex | undefined;
  readonly #exact = new Map<string, CallerIndex>();
  readonly #under = new Map<string, CallerIndex>();

  constructor(effect: Effect) {
    this.#effect = effect;
  }

  add(rule: AccessRule, number: number): void {
    for (const pattern of rule.from ?? [{ kind: 'any' }]) {
      this.#indexOf(pattern).add(rule, number, this.#effect);
    }
  }

  toJson(): JsonObject {
    return {
      ...(this.#any && { any: this.#any.toJson() }),
      exact: toObject(this.#exact),
      under: toObject(this.#under),
    };
  }

  #indexOf(pattern: PrincipalPattern): CallerIndex {
    switch (pattern.kind) {
      case 'any':
        return (this.#any ??= new CallerIndex());
      case 'exact':
        return getOrAdd(this.#exact, pattern.principal);
      case 'under':
        return getOrAdd(this.#under, pattern.parent);
      default:
        return pattern satisfies never;
    }
  }
}

function getOrAdd(indexes: Map<string, CallerIndex>, key: string): CallerIndex {
  const index = indexes.get(key) ?? new CallerIndex();
  indexes.set(key, index);
  return index;
}

function toObject(indexes: ReadonlyMap<string, CallerIndex>): JsonObject {
  const object = emptyMap<JsonValue>();
  for (const [key, index] of indexes) object[key] = index.toJson();
  return object;
}

/** The rules for one principal, or for all below one. */
class CallerIndex {
  readonly #paths = new PathIndex();
  /** Of tunnels (CONNECT without a path) and of `OPTIONS *`. */
  readonly #pathless = new MethodLeaf();
  /** By port. */
  readonly #tcp = new MethodLeaf();

  add(rule: AccessRule, number: number, effect: Effect): void {
    const { methods: named, tcp } = rule;
    if (tcp !== undefined) {
      this.#tcp.add(tcp.ports.map(String), number);
      return;
    }
    const methods = rule.grpc && effect === 'opens' ? ['POST'] : methodKeys(named, effect);
    for (const pattern of patternsOf(rule)) {
      for (const spelling of spellingsOf(pattern, effect)) {
        this.#paths.leafOf(spelling).add(methods, number);
      }
    }
    if (rule.paths !== undefined || rule.grpc !== undefined) return;
    if (named !== undefined || effect === 'closes') this.#pathless.add(methods, number);
    if (named === undefined && effect === 'closes') this.#tcp.add([anyPort], number);
  }

  toJson(): JsonObject {
    return {
      paths: this.#paths.toJson(),
      pathless: this.#pathless.toJson(),
      tcp: this.#tcp.toJson(),
    };
  }
}

const anyPort = '*';

function methodKeys(methods: readonly string[] | undefined, effect: Effect): readonly string[] {
  if (methods !== undefined) return withHead(methods);
  return effect === 'opens' ? [anyMethod] : [anyMethod, 'CONNECT'];
}

const everyPath = compilePathPattern('/**');

function patternsOf({ paths, grpc }: AccessRule): readonly PathPattern[] {
  if (grpc !== undefined) return grpc.map(grpcPattern);
  return paths?.map(compilePathPattern) ?? [everyPath];
}

function grpcPattern(method: string): PathPattern {
  return compilePathPattern(`/${method.replace('*', '{method}')}`);
}
