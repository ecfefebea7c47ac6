import type { LimitMatch } from '../domain/limits/limit.ts';
import { compilePathPattern, type PathPattern } from '../domain/request/path-pattern.ts';
import type { RequestView } from '../domain/request/request.ts';
import { withHead } from '../domain/with-head.ts';
import type { CompiledLimit } from './compiled-limit.ts';

/**
 * Finds the limits that apply to a request by themselves: by service, then down a trie of path
 * segments, then by method. What it costs depends on the length of the path, not on how many
 * limits there are.
 *
 * A trailing slash is ignored here, in the pattern and in the request: servers often serve both
 * spellings, and one of them must not be free.
 */
export class LimitMatcher {
  readonly #anyService = new ServiceLimits();
  readonly #services = new Map<string, ServiceLimits>();

  add(limit: CompiledLimit, match: LimitMatch): void {
    this.#limitsOf(match.service).add(limit, match);
  }

  /** In the order of the file, each once. */
  match(request: RequestView): readonly CompiledLimit[] {
    const found: (readonly CompiledLimit[])[] = [];
    this.#anyService.collect(request, found);
    this.#services.get(request.service)?.collect(request, found);
    const [only = none] = found;
    return found.length <= 1 ? only : inOrder(found);
  }

  #limitsOf(service: string | undefined): ServiceLimits {
    if (service === undefined) return this.#anyService;
    return getOrAdd(this.#services, service, () => new ServiceLimits());
  }
}

const none: readonly CompiledLimit[] = [];

/** A tunnel and a TCP connection have no path: only limits without one apply to them. */
class ServiceLimits {
  readonly #withoutPath = new MethodTable();
  readonly #paths = new PathNode();

  add(limit: CompiledLimit, { methods, paths }: LimitMatch): void {
    if (paths === undefined) this.#withoutPath.add(limit, methods);
    for (const path of paths ?? []) {
      this.#paths.place(compilePathPattern(path)).add(limit, methods);
    }
  }

  collect(request: RequestView, found: (readonly CompiledLimit[])[]): void {
    this.#withoutPath.collect(request.method, found);
    if (request.kind === 'http') this.#paths.collect(request, 0, found);
  }
}

/** One place in the trie: limits on the path that ends here, and on whatever follows. */
class PathNode {
  readonly #literals = new Map<string, PathNode>();
  #parameter: PathNode | undefined;
  readonly #exact = new MethodTable();
  readonly #open = new MethodTable();

  place(pattern: PathPattern): MethodTable {
    const node = pattern.steps.reduce<PathNode>((at, step) => {
      if (step.kind === 'any') return (at.#parameter ??= new PathNode());
      // Only a trailing slash makes an empty literal.
      return step.text === '' ? at : getOrAdd(at.#literals, step.text, () => new PathNode());
    }, this);
    return pattern.open ? node.#open : node.#exact;
  }

  collect(request: RequestView, depth: number, found: (readonly CompiledLimit[])[]): void {
    this.#open.collect(request.method, found);
    const segment = request.segments[depth];
    if (segment === undefined || isTrailingSlash(request.segments, depth)) {
      this.#exact.collect(request.method, found);
      return;
    }
    this.#literals.get(segment)?.collect(request, depth + 1, found);
    if (segment !== '') this.#parameter?.collect(request, depth + 1, found);
  }
}

class MethodTable {
  readonly #anyMethod: CompiledLimit[] = [];
  readonly #methods = new Map<string, CompiledLimit[]>();

  add(limit: CompiledLimit, methods: readonly string[] | undefined): void {
    if (methods === undefined) append(this.#anyMethod, limit);
    for (const method of withHead(methods ?? [])) {
      append(
        getOrAdd(this.#methods, method, () => []),
        limit,
      );
    }
  }

  collect(method: string, found: (readonly CompiledLimit[])[]): void {
    if (this.#anyMethod.length > 0) found.push(this.#anyMethod);
    const limits = this.#methods.get(method);
    if (limits !== undefined) found.push(limits);
  }
}

/** Limits are added one after another, so one that says the same twice is its own neighbour. */
function append(limits: CompiledLimit[], limit: CompiledLimit): void {
  if (limits.at(-1) !== limit) limits.push(limit);
}

function isTrailingSlash(segments: readonly string[], depth: number): boolean {
  return segments[depth] === '' && depth === segments.length - 1;
}

/** A limit may be found more than once, by several of its paths. */
function inOrder(found: readonly (readonly CompiledLimit[])[]): readonly CompiledLimit[] {
  return [...new Set(found.flat())].toSorted((a, b) => a.order - b.order);
}

function getOrAdd<K, V>(map: Map<K, V>, key: K, create: () => V): V {
  const present = map.get(key);
  if (present !== undefined) return present;
  const added = create();
  map.set(key, added);
  return added;
}
