import { deepFreeze } from '../deep-freeze.ts';
import type { Loaded } from '../loaded.ts';
import { inOrder, type Problem } from '../problem.ts';
import type { Node } from './node.ts';
import type { Schema } from './schema.ts';

/**
 * Reads a document by its schema. Every problem is found in one go, those that `parse` notes too.
 * Relative paths in it are relative to `directory`. Never throws, unless `parse` does.
 */
export function readDocument<T>(
  schema: Schema<T>,
  parse: (problems: Problem[]) => Node,
  directory = '',
): Loaded<T> {
  const problems: Problem[] = [];
  const reading = { problems, directory, unavailable: new Set<string>() };
  const value = schema.read(parse(problems), '', reading);
  return value === undefined || problems.length > 0
    ? { problems: inOrder(problems) }
    : { value: deepFreeze(value) };
}
