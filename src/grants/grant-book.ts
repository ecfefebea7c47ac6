import type { Grant } from '../domain/access/grant.ts';
import { matchesPath } from '../domain/request/matches-path.ts';
import { compilePathPattern } from '../domain/request/path-pattern.ts';
import type { RequestView } from '../domain/request/request.ts';
import { withHead } from '../domain/with-head.ts';

/** The grants, as far as they are known for certain. */
export interface GrantBook {
  /**
   * The time by the clock that all replicas share, in milliseconds since 1970. Undefined: something
   * may have been revoked without this replica knowing, so nothing is granted.
   */
  readonly nowMs: () => number | undefined;
  /** The grants of one caller; some may have expired. */
  readonly grantsOf: (principal: string) => readonly CompiledGrant[];
}

/** A grant, ready to be asked. */
export interface CompiledGrant {
  readonly grant: Grant;
  readonly allows: (request: RequestView) => boolean;
}

/** For a gate without grants. */
export const emptyBook: GrantBook = { nowMs: () => undefined, grantsOf: () => [] };

/** Grants by caller, ready to be asked. */
export function compileGrants(
  grants: readonly Grant[],
): ReadonlyMap<string, readonly CompiledGrant[]> {
  return Map.groupBy(grants.map(compile), ({ grant }) => grant.from);
}

/** Only for requests with a path: tunnels and TCP connections are for rules that name them. */
function compile(grant: Grant): CompiledGrant {
  const methods = new Set(withHead(grant.methods));
  const patterns = (grant.paths ?? ['/**']).map(compilePathPattern);
  return {
    grant,
    allows: ({ kind, method, path, segments }) =>
      kind === 'http' &&
      path.startsWith('/') &&
      methods.has(method) &&
      patterns.some((pattern) => matchesPath(pattern, segments)),
  };
}
