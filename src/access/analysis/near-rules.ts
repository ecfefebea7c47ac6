import type { PathPattern } from '../../domain/request/path-pattern.ts';
import {
  formatPrincipalPattern,
  type PrincipalPattern,
} from '../../domain/identity/principal-pattern.ts';
import type { ComparedRule } from './compared-rule.ts';
import { MarkedRules } from './marked-rules.ts';

/**
 * Rules by caller, then by path: among thousands, only few may cover one, and each comparison with
 * another would be a look at all of its conditions.
 */
export class NearRules {
  readonly #byCaller = new Map<string, RulesByCall>();

  add(rule: ComparedRule): void {
    for (const pattern of rule.rule.from ?? whoever) {
      const key = formatPrincipalPattern(pattern);
      const rules = this.#byCaller.get(key) ?? new RulesByCall();
      rules.add(rule);
      this.#byCaller.set(key, rules);
    }
  }

  /** All that may cover it, and some others. */
  *near(rule: ComparedRule): Iterable<ComparedRule> {
    const [first] = rule.rule.from ?? whoever;
    if (first === undefined) return;
    for (const key of keysCovering(first)) yield* this.#byCaller.get(key)?.near(rule) ?? [];
  }
}

const whoever: readonly PrincipalPattern[] = [{ kind: 'any' }];

function* keysCovering(pattern: PrincipalPattern): Iterable<string> {
  yield '*';
  if (pattern.kind === 'any') return;
  yield formatPrincipalPattern(pattern);
  const whom = pattern.kind === 'exact' ? pattern.principal : pattern.parent;
  const parts = whom.split('/');
  for (let count = 3; count < parts.length; count += 1)
    yield `${parts.slice(0, count).join('/')}/*`;
}

class RulesByCall {
  readonly #forEveryPath = new MarkedRules();
  readonly #byPort = new Map<number, MarkedRules>();
  readonly #byPath = new PathNode();

  add(rule: ComparedRule): void {
    const { tcp } = rule.rule;
    if (tcp === undefined && rule.patterns === undefined) this.#forEveryPath.add(rule);
    for (const pattern of rule.patterns ?? []) this.#byPath.place(pattern).add(rule);
    for (const port of tcp?.ports ?? []) {
      const rules = this.#byPort.get(port) ?? new MarkedRules();
      rules.add(rule);
      this.#byPort.set(port, rules);
    }
  }

  *near(rule: ComparedRule): Iterable<ComparedRule> {
    const [port] = rule.rule.tcp?.ports ?? [];
    const [pattern] = rule.patterns ?? [];
    yield* this.#forEveryPath.near(rule);
    if (port !== undefined) yield* this.#byPort.get(port)?.near(rule) ?? [];
    if (pattern === undefined) return;
    for (const rules of this.#byPath.covering(pattern)) yield* rules.near(rule);
  }
}

class PathNode {
  readonly #literals = new Map<string, PathNode>();
  #parameter: PathNode | undefined;
  readonly #closed = new MarkedRules();
  readonly #open = new MarkedRules();

  place({ steps, open }: PathPattern): MarkedRules {
    const end = steps.reduce<PathNode>((at, step) => {
      if (step.kind === 'any') return (at.#parameter ??= new PathNode());
      const child = at.#literals.get(step.text) ?? new PathNode();
      at.#literals.set(step.text, child);
      return child;
    }, this);
    return open ? end.#open : end.#closed;
  }

  /** At all patterns that match whatever this one matches. */
  *covering(pattern: PathPattern, depth = 0): Iterable<MarkedRules> {
    yield this.#open;
    const step = pattern.steps[depth];
    if (step === undefined) {
      if (!pattern.open) yield this.#closed;
      return;
    }
    const [literal, parameter] =
      step.kind === 'any'
        ? [undefined, this.#parameter]
        : [this.#literals.get(step.text), step.text === '' ? undefined : this.#parameter];
    yield* literal?.covering(pattern, depth + 1) ?? [];
    yield* parameter?.covering(pattern, depth + 1) ?? [];
  }
}
