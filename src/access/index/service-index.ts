import { type AccessService, takesConnections } from '../../domain/access/access.ts';
import { emptyMap } from '../../domain/empty-map.ts';
import type { JsonObject, JsonValue } from '../../domain/json.ts';
import type { PrincipalPattern } from '../../domain/identity/principal-pattern.ts';
import { principalsOf } from './conditions.ts';

/** One way in which a service is known. */
interface Mark {
  readonly service: number;
  readonly definition: AccessService;
  readonly principal?: PrincipalPattern;
  readonly host?: string;
  /** Only for connections that are not HTTP, which name no host. */
  readonly connection?: true;
}

/**
 * How the called service is found: `marks` in the order in which they are believed, and the numbers of
 * those that speak of an extension, a principal or a host. Each mark is found by one of its parts,
 * and the policy looks at the others.
 */
export function indexServices(services: readonly AccessService[]): JsonObject {
  const marks = services.flatMap(marksOf).toSorted(byTrust);
  const extensionCounts = countExtensions(services);
  const index = {
    extensions: emptyMap<Record<string, number[]>>(),
    principals: emptyMap<number[]>(),
    parents: emptyMap<number[]>(),
    hosts: emptyMap<number[]>(),
  };
  for (const [number, { definition, principal, host }] of marks.entries()) {
    const [rarest] = Array.from(definition.contextExtensions ?? []).toSorted(
      (a, b) => (extensionCounts.get(a.join('=')) ?? 0) - (extensionCounts.get(b.join('=')) ?? 0),
    );
    if (rarest !== undefined) {
      const [key, value] = rarest;
      ((index.extensions[key] ??= emptyMap<number[]>())[value] ??= []).push(number);
    } else if (principal?.kind === 'exact') {
      (index.principals[principal.principal] ??= []).push(number);
    } else if (principal?.kind === 'under') {
      (index.parents[principal.parent] ??= []).push(number);
    } else if (host !== undefined) {
      (index.hosts[host] ??= []).push(number);
    }
  }
  return { ...index, marks: marks.map(markToJson) };
}

function marksOf(definition: AccessService, service: number): Mark[] {
  const { principals, hosts } = definition;
  return (principals ?? [undefined]).flatMap((principal) => {
    const mark = { service, definition, ...(principal && { principal }) };
    const marks: Mark[] = (hosts ?? [undefined]).map((host) => ({
      ...mark,
      ...(host !== undefined && { host }),
    }));
    return hosts && takesConnections(definition)
      ? [...marks, { ...mark, connection: true }]
      : marks;
  });
}

function markToJson({ service, definition, principal, host, connection }: Mark): JsonObject {
  const extensions = emptyMap<JsonValue>();
  for (const [key, value] of definition.contextExtensions ?? []) extensions[key] = value;
  return {
    service,
    extensions,
    ...(principal && { principals: principalsOf([principal]) }),
    ...(host !== undefined && { host }),
    ...(connection && { connection }),
  };
}

/**
 * The operator's word before the certificate's, and that before the host, which the client chooses;
 * of two of a kind the one that says more.
 */
function byTrust(a: Mark, b: Mark): number {
  return (
    extensionsOf(b) - extensionsOf(a) ||
    precisionOf(b.principal) - precisionOf(a.principal) ||
    Number(b.host !== undefined) - Number(a.host !== undefined) ||
    Number(a.connection ?? false) - Number(b.connection ?? false) ||
    a.service - b.service
  );
}

function extensionsOf({ definition }: Mark): number {
  return definition.contextExtensions?.size ?? 0;
}

function precisionOf(principal: PrincipalPattern | undefined): number {
  if (principal?.kind === 'exact') return Number.MAX_SAFE_INTEGER;
  return principal?.kind === 'under' ? principal.parent.length : 0;
}

function countExtensions(services: readonly AccessService[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { contextExtensions } of services) {
    for (const [key, value] of contextExtensions ?? []) {
      const pair = `${key}=${value}`;
      counts.set(pair, (counts.get(pair) ?? 0) + 1);
    }
  }
  return counts;
}
