import { type AccessService, takesConnections } from '../../domain/access/access.ts';
import { formatPrincipalPattern } from '../../domain/identity/principal-pattern.ts';
import type { Conflict } from '../schema/schema.ts';

/**
 * Services that one request would be for, with nothing that says for which rather. Where one says
 * more than the other (docs/access.md), that one is meant.
 */
export function ambiguousServices(services: readonly AccessService[]): readonly Conflict[] {
  const known = new Map<string, AccessService>();
  const conflicts: Conflict[] = [];
  for (const service of services) {
    for (const mark of marksOf(service)) {
      const other = known.get(mark);
      known.set(mark, service);
      if (other === undefined || other === service) continue;
      const message = `${other.name} and ${service.name} (line ${service.line}) are known by the same: ${mark}; give one of them another mark`;
      conflicts.push({ key: 'services', message });
    }
  }
  return conflicts;
}

/** What a service is known by, each way of it. */
function* marksOf(service: AccessService): Iterable<string> {
  const { hosts, principals, contextExtensions } = service;
  const extensions = Array.from(contextExtensions ?? [], ([key, value]) => `${key}=${value}`);
  const needsNoHost = hosts === undefined || takesConnections(service);
  const ways = [...(hosts ?? []), ...(needsNoHost ? ['without a host'] : [])];
  for (const principal of principals?.map(formatPrincipalPattern) ?? ['']) {
    for (const host of ways) {
      yield [...extensions.toSorted(), principal, host].filter((part) => part !== '').join(' ');
    }
  }
}
