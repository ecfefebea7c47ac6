import type { JsonObject } from '../domain/json.ts';
import type { Loaded } from './loaded.ts';
import { readDocument } from './schema/read-document.ts';
import type { Schema } from './schema/schema.ts';
import { parseYaml } from './yaml/parse-yaml.ts';

/** Reads what an operator orders of a running server. Every problem is found in one go. Never throws. */
export function readOrder<T>(what: string, content: JsonObject, schema: Schema<T>): Loaded<T> {
  // JSON is YAML.
  return readDocument(schema, (problems) => parseYaml(JSON.stringify(content), what, problems));
}
