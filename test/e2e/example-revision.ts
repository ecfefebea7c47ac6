import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readArchive } from '../../src/policy/bundles/contents/archive.ts';
import { bundleOf } from '../setup/bundle-archive.ts';

const example = join(import.meta.dirname, '../../bundles/example.tar.gz');
const maxBytes = 16 * 1024 * 1024;

/** The shipped example by another revision; `path` is replaced in one step, as a deployment would. */
export async function putExample(path: string, revision: string): Promise<void> {
  const files = Object.fromEntries(await readArchive(await readFile(example), maxBytes));
  const manifest = JSON.parse(Buffer.from(files['.manifest'] ?? '').toString()) as object;
  const revised = { ...files, '.manifest': JSON.stringify({ ...manifest, revision }) };
  const aside = `${path}.${revision}.tmp`;
  await writeFile(aside, await bundleOf(revised));
  await rename(aside, path);
}
