import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { messageOf } from '../domain/fault-message.ts';
import { parseYaml } from './yaml/parse-yaml.ts';
import { maxAccessBytes } from './access/load-access.ts';
import { readText } from './yaml/read-file.ts';

/**
 * What a file is: a bundle is a folder or a gzip file; limits.yaml has a list of limits, or says its
 * version, and so do access.yaml, which has services, and decision cases. Throws an Error with a
 * sentence when it cannot be read.
 */
export function documentKind(path: string): 'access' | 'bundle' | 'cases' | 'config' | 'limits' {
  if (isBundle(path)) return 'bundle';
  const root = parseYaml(textOf(path), path, []);
  if (root.kind !== 'mapping') return 'config';
  // OPA's own configuration may have a list of services as well, but no version.
  const isVersioned = root.entries.has('version');
  if (isVersioned && root.entries.has('services')) return 'access';
  if (isVersioned && root.entries.has('cases')) return 'cases';
  const isLimits = isVersioned || root.entries.get('limits')?.value.kind === 'list';
  return isLimits ? 'limits' : 'config';
}

function isBundle(path: string): boolean {
  const stats = statSync(path);
  if (!stats.isFile()) return stats.isDirectory();
  const file = openSync(path, 'r');
  try {
    const start = Buffer.alloc(gzipMagic.length);
    readSync(file, start);
    return start.equals(gzipMagic);
  } finally {
    closeSync(file);
  }
}

/** RFC 1952 §2.3.1. */
const gzipMagic = Buffer.from([0x1f, 0x8b]);

function textOf(path: string): string {
  try {
    return readText(path, maxAccessBytes);
  } catch (error) {
    const reason = messageOf(error);
    throw new Error(`${path} ${reason}`, { cause: error });
  }
}
