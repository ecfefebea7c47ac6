import type { Grant } from '../domain/grant.ts';
import { matchesPath } from '../domain/matches-path.ts';
import { compilePathPattern } from '../domain/path-pattern.ts';
import type { RequestView } from '../domain/request.ts';
import { withHead } from '../domain/with-head.ts';

/** What is granted, as far as that is known for certain. */
export interface GrantBook {
  /**
   * By the clock that all replicas share, in milliseconds since 1970. Undefined: nobody knows what
   * may have been revoked meanwhile, so that nothing is granted.
   */
  readonly nowMs: () => number | undefined;
  /** Those of one caller; some may have expired. */
  readonly grantsOf: (principal: string) => readonly CompiledGrant[];
}

/** A grant, ready to be asked. */
export interface CompiledGrant {
  readonly grant: Grant;
  readonly allows: (request: RequestView) => boolean;
}

/** For a gate that nobody grants anything at. */
export const emptyBook: GrantBook = { nowMs: () => undefined, grantsOf: () => [] };

/** By caller. */
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
