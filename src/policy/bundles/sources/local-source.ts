import { stat } from 'node:fs/promises';
import { BundleError } from '../../bundle-error.ts';
import { digestContent } from '../contents/content-digest.ts';
import { readDirectory } from '../contents/directory.ts';
import type { BundleContent } from '../contents/read-bundle.ts';
import { readFileWithin } from './read-file.ts';
import { type BundleSource, SourceError } from './source.ts';

/** A .tar.gz or a folder of this machine. What it holds is known again by its digest. */
export function createLocalSource(path: string, maxBytes: number): BundleSource {
  return {
    async fetch(knownTag) {
      const content = await read(path, maxBytes);
      const tag = await digestContent(content);
      if (tag === knownTag) return { outcome: 'unchanged', waits: false };
      return { outcome: 'fetched', content, sizeBytes: sizeOf(content), tag, waits: false };
    },
  };
}

async function read(path: string, maxBytes: number): Promise<BundleContent> {
  try {
    const stats = await stat(path);
    if (stats.isDirectory()) return await readDirectory(path, maxBytes);
    const archive = await readFileWithin(path, maxBytes);
    if (archive !== undefined) return archive;
  } catch (error) {
    if (error instanceof BundleError) throw error;
    throw new SourceError(`cannot be read: ${reasonOf(error)}`, { cause: error });
  }
  throw new BundleError(`the bundle is larger than ${maxBytes} bytes`);
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'permission denied',
};

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error ? String(error.code) : '';
  return reasons[code] ?? error.message;
}

function sizeOf(content: BundleContent): number {
  if (content instanceof Uint8Array) return content.length;
  return [...content.values()].reduce((size, { length }) => size + length, 0);
}
