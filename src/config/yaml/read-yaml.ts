import { messageOf } from '../../domain/fault-message.ts';
import type { Node } from '../schema/node.ts';
import { parseYaml, type Fill } from './parse-yaml.ts';
import type { Problem } from '../problem.ts';
import { readText } from './read-file.ts';

/** The file's document. Notes what is wrong in `problems`; never throws. */
export function readYaml(
  path: string,
  problems: Problem[],
  { fill, maxFileBytes }: { readonly fill?: Fill; readonly maxFileBytes?: number } = {},
): Node {
  try {
    return parseYaml(readText(path, maxFileBytes), path, problems, fill);
  } catch (error) {
    const message = messageOf(error);
    problems.push({ file: path, path: '', message });
    return { kind: 'broken', place: { file: path } };
  }
}
