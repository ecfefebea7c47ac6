import type { JsonObject } from '../domain/json.ts';
import type { AdminAnswer } from './answers.ts';
import type { AdminSources } from './facts.ts';

/**
 * Who may use a route. `anybody`: probes and Prometheus too. `local`: anybody on this machine if the
 * server listens only there, otherwise whoever has the token. `token`: only whoever has the token,
 * because the route changes what is decided.
 */
export type Access = 'anybody' | 'local' | 'token';

export interface Route {
  /** `{name}` matches any text, which `answer` is given. */
  readonly path: string;
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly access: Access;
  /** Whether the request has a JSON object as its body. It is read only where access was granted. */
  readonly takesBody?: boolean;
  readonly answer: Answer;
}

export type Answer = (sources: AdminSources, asked: Asked) => AdminAnswer | Promise<AdminAnswer>;

export interface Asked {
  readonly name: string;
  readonly peer: string;
  /** Empty where the route takes none. */
  readonly body: JsonObject;
}

/** The text at `{name}`, empty for a route without one; undefined when the path is not the route's. */
export function nameIn(path: string, route: Route): string | undefined {
  const [start = '', end] = route.path.split('{name}');
  if (end === undefined) return path === route.path ? '' : undefined;
  const isLongEnough = path.length > start.length + end.length;
  if (!isLongEnough || !path.startsWith(start) || !path.endsWith(end)) return undefined;
  return decoded(path.slice(start.length, path.length - end.length));
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
