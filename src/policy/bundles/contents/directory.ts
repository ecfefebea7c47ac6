import { readdir, realpath, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { BundleError } from '../../bundle-error.ts';
import type { BundleFiles } from './bundle-files.ts';
import { readFileWithin } from '../sources/read-file.ts';

/**
 * The files below a folder, as an archive of it would hold them. What begins with `..` is left out:
 * so Kubernetes names the folders behind the links of a mounted ConfigMap. Links are followed, but
 * not out of the folder. Throws a BundleError for that, and for more than `maxBytes` in all.
 */
export async function readDirectory(directory: string, maxBytes: number): Promise<BundleFiles> {
  const files = new Map<string, Uint8Array>();
  const root = await realpath(directory);
  let left = maxBytes;
  for (const path of await filesBelow(directory)) {
    const content = await readWithin(root, join(directory, path), left);
    if (content === undefined) {
      throw new BundleError(`the bundle is larger than ${maxBytes} bytes`);
    }
    left -= content.length;
    files.set(path.split(sep).join('/'), content);
  }
  return files;
}

async function filesBelow(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)))
    .filter((path) => !path.split(sep).some((part) => part.startsWith('..')))
    .toSorted();
}

/** Undefined: it is larger than what is left. */
async function readWithin(
  root: string,
  path: string,
  leftBytes: number,
): Promise<Uint8Array | undefined> {
  const target = await realpath(path);
  if (!target.startsWith(root + sep)) {
    throw new BundleError(`${path} leads out of the bundle's folder`);
  }
  const stats = await stat(target);
  if (!stats.isFile()) throw new BundleError(`${path} in the bundle is not a file`);
  return readFileWithin(target, leftBytes);
}
