import { parseYaml } from './parse-yaml.ts';
import { readText } from './read-file.ts';

/**
 * What a file is, by its first keys: limits.yaml has a list of limits, or says its version.
 * Throws an Error with a sentence when it cannot be read.
 */
export function documentKind(path: string): 'config' | 'limits' {
  const root = parseYaml(textOf(path), path, []);
  if (root.kind !== 'mapping') return 'config';
  const isLimits = root.entries.has('version') || root.entries.get('limits')?.value.kind === 'list';
  return isLimits ? 'limits' : 'config';
}

function textOf(path: string): string {
  try {
    return readText(path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${path} ${reason}`, { cause: error });
  }
}
