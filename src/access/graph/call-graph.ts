import type { AccessDocument, AccessService, AllowRule } from '../../domain/access/access.ts';
import {
  covers,
  formatPrincipalPattern,
  parsePrincipalPattern,
  type PrincipalPattern,
} from '../../domain/identity/principal-pattern.ts';

/** Who may call whom, with what. */
export interface CallGraph {
  readonly nodes: readonly CallNode[];
  readonly edges: readonly CallEdge[];
}

export interface CallNode {
  /** The service's name, or the principal as the document has it. */
  readonly name: string;
  readonly kind: 'service' | 'caller';
  /** Who it is when it calls; of a service, as which workloads it is known. */
  readonly principals: readonly PrincipalPattern[];
}

export interface CallEdge {
  readonly from: string;
  readonly to: string;
  /** At least one, in the order of the document. */
  readonly rules: readonly CallRule[];
}

export interface CallRule {
  readonly name: string;
  /** `GET /orders`, `gRPC shop.Orders/Get`, `TCP 5672`. */
  readonly calls: readonly string[];
  /** What else it asks for: `headers`, `scopes`, `when`, `unless`. */
  readonly conditions: readonly string[];
  readonly limits: readonly string[];
}

/** A caller that is a service of the document is one node with it. */
export function callGraphOf({ services }: AccessDocument): CallGraph {
  const nodes = new Map<string, CallNode>();
  const edges = new Map<string, CallEdge>();
  for (const service of services) nodes.set(service.name, serviceNode(service));
  for (const service of services) {
    for (const rule of service.allow) {
      for (const pattern of rule.from) {
        const caller = serviceOf(services, pattern)?.name ?? callerName(services, pattern);
        if (!nodes.has(caller))
          nodes.set(caller, { name: caller, kind: 'caller', principals: [pattern] });
        const key = JSON.stringify([caller, service.name]);
        const rules = [...(edges.get(key)?.rules ?? []), callRule(rule)];
        edges.set(key, { from: caller, to: service.name, rules });
      }
    }
  }
  return { nodes: [...nodes.values()], edges: [...edges.values()] };
}

/** The subject of a token may be called as a service is, and is not that. */
function callerName(services: readonly AccessService[], pattern: PrincipalPattern): string {
  const text = formatPrincipalPattern(pattern);
  return services.some(({ name }) => name === text) ? `subject ${text}` : text;
}

function serviceNode({ name, principals = [] }: AccessService): CallNode {
  return { name, kind: 'service', principals };
}

/** The one service that a caller is. */
function serviceOf(
  services: readonly AccessService[],
  pattern: PrincipalPattern,
): AccessService | undefined {
  if (pattern.kind !== 'exact') return undefined;
  const own = services.filter(({ principals = [] }) =>
    principals.some((other) => other.kind === 'exact' && other.principal === pattern.principal),
  );
  return own.length === 1 ? own[0] : undefined;
}

function callRule(rule: AllowRule): CallRule {
  return {
    name: rule.name,
    calls: callsOf(rule),
    conditions: (['headers', 'scopes', 'when', 'unless'] as const).filter(
      (kind) => rule[kind] !== undefined,
    ),
    limits: rule.limits ?? [],
  };
}

function callsOf({ methods, paths, grpc, tcp }: AllowRule): readonly string[] {
  if (grpc !== undefined) return grpc.map((method) => `gRPC ${method}`);
  if (tcp !== undefined) return tcp.ports.map((port) => `TCP ${port}`);
  const verbs = methods?.join(',') ?? 'any method';
  return paths?.map((path) => `${verbs} ${path}`) ?? [`${verbs}, any path`];
}

/** The part of the graph that answers: what may this one call, or who may call it. */
export function narrowed(
  { nodes, edges }: CallGraph,
  { from, to }: { readonly from?: string | undefined; readonly to?: string | undefined },
): CallGraph {
  const callers = from === undefined ? undefined : namesFor(nodes, from);
  const kept = edges.filter(
    (edge) => (callers?.has(edge.from) ?? true) && (to === undefined || edge.to === to),
  );
  const named = new Set(kept.flatMap((edge) => [edge.from, edge.to]));
  return { nodes: nodes.filter(({ name }) => named.has(name)), edges: kept };
}

/**
 * Under which names of the graph somebody may call: its own, and those of patterns that name it too. Of
 * a service whose workloads a pattern names, it may be any of them.
 */
function namesFor(nodes: readonly CallNode[], who: string): ReadonlySet<string> {
  const own = nodes.find(({ name }) => name === who);
  const identities = own?.principals ?? [principalNamed(who)];
  const callers = nodes.filter(
    ({ kind, principals }) =>
      kind === 'caller' &&
      principals.some(
        (pattern) =>
          pattern.kind === 'any' || identities.some((identity) => overlap(pattern, identity)),
      ),
  );
  const itself = nodes.filter(
    ({ kind, principals }) =>
      kind === 'service' &&
      principals.some((pattern) => pattern.kind === 'exact' && pattern.principal === who),
  );
  return new Set([who, ...callers.map(({ name }) => name), ...itself.map(({ name }) => name)]);
}

function principalNamed(who: string): PrincipalPattern {
  return parsePrincipalPattern(who) ?? { kind: 'exact', principal: who };
}

function overlap(one: PrincipalPattern, other: PrincipalPattern): boolean {
  return covers(one, other) || covers(other, one);
}

/** More would be read by nobody. */
const maxChains = 100;

/** Each way from one to the other over services that call on, without a service twice. */
export function chainsBetween(
  { nodes, edges }: CallGraph,
  from: string,
  to: string,
): readonly (readonly CallEdge[])[] {
  const known = new Map<string, readonly CallEdge[]>();
  const callsBy = (who: string): readonly CallEdge[] => {
    const before = known.get(who);
    if (before !== undefined) return before;
    const names = namesFor(nodes, who);
    const calls = edges.filter((edge) => names.has(edge.from));
    known.set(who, calls);
    return calls;
  };
  const chains: (readonly CallEdge[])[] = [];
  const follow = (who: string, chain: readonly CallEdge[]): void => {
    for (const edge of callsBy(who)) {
      const passed = new Set([from, ...chain.map((before) => before.to)]);
      if (passed.has(edge.to) || chains.length >= maxChains) continue;
      if (edge.to === to) chains.push([...chain, edge]);
      // Without this, all the ways to where it does not go on would be walked: more than can be.
      else if (leads(edge.to, to, passed, callsBy)) follow(edge.to, [...chain, edge]);
    }
  };
  follow(from, []);
  return chains.toSorted((a, b) => a.length - b.length);
}

/** Whether there is a way that passes nobody again. */
function leads(
  from: string,
  to: string,
  passed: ReadonlySet<string>,
  callsBy: (who: string) => readonly CallEdge[],
): boolean {
  const seen = new Set([...passed, from]);
  const waiting = [from];
  for (let who = waiting.pop(); who !== undefined; who = waiting.pop()) {
    for (const edge of callsBy(who)) {
      if (edge.to === to) return true;
      if (!seen.has(edge.to)) waiting.push(edge.to);
      seen.add(edge.to);
    }
  }
  return false;
}
