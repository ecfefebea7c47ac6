import type { JsonObject } from '../domain/json.ts';
import type { Problem } from './problem.ts';
import type { Schema } from './schema/schema.ts';
import { parseYaml } from './yaml/parse-yaml.ts';

export type LoadedOrder<T> = { readonly order: T } | { readonly problems: readonly Problem[] };

/** Reads what an operator orders of a running server. Every problem is found in one go. Never throws. */
export function readOrder<T>(what: string, content: JsonObject, schema: Schema<T>): LoadedOrder<T> {
  const problems: Problem[] = [];
  const reading = { problems, directory: '', unavailable: new Set<string>() };
  // JSON is YAML.
  const order = schema.read(parseYaml(JSON.stringify(content), what, problems), '', reading);
  return order === undefined || problems.length > 0 ? { problems } : { order };
}
