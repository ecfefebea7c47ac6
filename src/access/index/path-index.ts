import { emptyMap } from '../../domain/empty-map.ts';
import type { JsonObject, JsonValue } from '../../domain/json.ts';
import type { PathPattern } from '../../domain/request/path-pattern.ts';

/**
 * Path patterns of which the policy finds those that match by looking names up, however many there
 * are. Rego has no recursion to walk a trie with, and so patterns are put together by their shape:
 * which of their segments are literals. For each shape, the literals lead to the leaf.
 */
export class PathIndex {
  readonly #shapes = new Map<string, Shape>();

  /** The leaf of a pattern: rules by method. */
  leafOf({ steps, open }: PathPattern): MethodLeaf {
    const key = `${open ? 'open' : 'closed'} ${steps.map(({ kind }) => kind).join('/')}`;
    const shape = this.#shapes.get(key) ?? { pattern: { steps, open }, root: new Branch() };
    this.#shapes.set(key, shape);
    let branch = shape.root;
    for (const step of steps) {
      if (step.kind === 'literal') branch = branch.childOf(step.text);
    }
    return branch.leaf;
  }

  /** `closed` by the number of segments, `open` for at least so many. */
  toJson(): JsonObject {
    const closed = emptyMap<JsonObject[]>();
    const open: JsonObject[] = [];
    for (const { pattern, root } of this.#shapes.values()) {
      const { steps } = pattern;
      const shape = {
        length: steps.length,
        literals: positionsOf('literal', pattern),
        parameters: positionsOf('any', pattern),
        leaves: root.toJson(),
      };
      if (pattern.open) open.push(shape);
      else (closed[steps.length] ??= []).push(shape);
    }
    return { closed, open };
  }
}

type Steps = Pick<PathPattern, 'steps' | 'open'>;

interface Shape {
  /** Any pattern that has it. */
  readonly pattern: Steps;
  readonly root: Branch;
}

function positionsOf(kind: 'literal' | 'any', { steps }: Steps): number[] {
  return steps.flatMap((step, at) => (step.kind === kind ? [at] : []));
}

/** All leaves of one shape are as deep as it has literals. */
class Branch {
  readonly leaf = new MethodLeaf();
  readonly #children = new Map<string, Branch>();

  childOf(literal: string): Branch {
    const child = this.#children.get(literal) ?? new Branch();
    this.#children.set(literal, child);
    return child;
  }

  toJson(): JsonObject {
    if (this.#children.size === 0) return this.leaf.toJson();
    const children = emptyMap<JsonValue>();
    for (const [literal, child] of this.#children) children[literal] = child.toJson();
    return children;
  }
}

/** Numbers of rules by method, or by whatever else tells them apart at the end. */
export class MethodLeaf {
  readonly #rules = new Map<string, number[]>();

  add(methods: readonly string[], rule: number): void {
    for (const method of new Set(methods)) {
      const rules = this.#rules.get(method) ?? [];
      if (!rules.includes(rule)) rules.push(rule);
      this.#rules.set(method, rules);
    }
  }

  get isEmpty(): boolean {
    return this.#rules.size === 0;
  }

  toJson(): JsonObject {
    const methods = emptyMap<JsonValue>();
    for (const [method, rules] of this.#rules) methods[method] = rules;
    return methods;
  }
}
