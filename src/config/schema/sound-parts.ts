import { configSchema } from '../config-schema.ts';
import type { Config } from '../config.ts';
import { filledScalar, type MappingNode, type Node, withValue } from './node.ts';
import type { Reading } from './schema.ts';
import { filePath } from './values.ts';

/** What of a configuration with problems can be judged further. Never to be served. */
export interface SoundParts {
  /** Its good sections, and stand-ins for the others; only when the policy is good. */
  readonly config?: Config;
  /** The path of limits.yaml. */
  readonly limits?: string;
}

/** `reading` is the one that found the problems. */
export function soundParts(root: Node, reading: Reading): SoundParts {
  if (root.kind !== 'mapping') return {};
  const faulty = new Set(reading.problems.map(({ path }) => path.split(/[.[]/, 1)[0]));
  const entries = new Map([...root.entries].filter(([name]) => !faulty.has(name)));
  const aside = { ...reading, problems: [] };
  const config = configSchema.read(somebodyIn({ ...root, entries }), '', aside);
  const limitsNode = entries.get('limits')?.value;
  const limits = limitsNode && filePath.read(limitsNode, 'limits', aside);
  return { ...(config && { config }), ...(limits !== undefined && { limits }) };
}

/** The one section whose defaults are no configuration. */
function somebodyIn(root: MappingNode): Node {
  return root.entries.has('identity')
    ? root
    : withValue(root, ['identity', 'require'], filledScalar('none', root.place));
}
