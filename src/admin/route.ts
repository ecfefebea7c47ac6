import type { JsonObject } from '../domain/json.ts';
import type { AdminAnswer } from './answers.ts';
import type { AdminSources } from './facts.ts';

/**
 * `anybody`: a prober, or Prometheus. `local`: who is on this machine, where the server listens only
 * there, and else who has the token. `token`: only who has it, for it changes what decides.
 */
export type Access = 'anybody' | 'local' | 'token';

export interface Route {
  /** `{name}` stands for what `answer` is told. */
  readonly path: string;
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly access: Access;
  /** A JSON object; read only from who may ask. */
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

/** What stands for `{name}`, and nothing where there is none; undefined: it is another path. */
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
