import { parsePlainYaml } from '../../../config/yaml/plain-yaml.ts';
import { readArchive } from '../../../policy/bundles/contents/archive.ts';
import type { BundleFiles } from '../../../policy/bundles/contents/bundle-files.ts';
import type { BundleContent } from '../../../policy/bundles/contents/read-bundle.ts';
import { type BundleReader, readHere } from '../../../policy/bundles/contents/read-task.ts';
import { isYamlData } from '../../../policy/bundles/contents/yaml-documents.ts';
import { createAsideReader } from './read-aside.ts';

/** What is read in this process, in a few milliseconds: a process for it takes ten times as long. */
const maxHereBytes = { documents: 64 * 1024, files: 1024 * 1024 };

const readAside = createAsideReader();

/** Reads small bundles here, and others in a process of their own, so that checks go on meanwhile. */
export const readWithoutPause: BundleReader = async (task, signal) => {
  const files = await smallFiles(task.content, task.maxBytes);
  const before = task.before?.data ?? [];
  if (files === undefined || bytesOf(before.map(({ json }) => json)) > maxHereBytes.documents) {
    return readAside(task, signal);
  }
  return readHere({ ...task, content: files }, { parse: parsePlainYaml });
};

/** Undefined: they take their time, or are not what they should be. */
async function smallFiles(
  content: BundleContent,
  maxBytes: number,
): Promise<BundleFiles | undefined> {
  const files = await unpacked(content, Math.min(maxBytes, maxHereBytes.files));
  if (files === undefined || bytesOf(files.values()) > maxHereBytes.files) return undefined;
  const documents = [...files].filter(([path]) => !path.endsWith('.wasm'));
  const takesTime =
    documents.some(([path]) => isYamlData(path)) ||
    bytesOf(documents.map(([, bytes]) => bytes)) > maxHereBytes.documents;
  return takesTime ? undefined : files;
}

async function unpacked(
  content: BundleContent,
  maxBytes: number,
): Promise<BundleFiles | undefined> {
  if (!(content instanceof Uint8Array)) return content;
  if (content.length > maxBytes) return undefined;
  try {
    return await readArchive(content, maxBytes);
  } catch {
    // Too large, or wrong: who reads it aside will say.
    return undefined;
  }
}

function bytesOf(contents: Iterable<Uint8Array>): number {
  let sum = 0;
  for (const { length } of contents) sum += length;
  return sum;
}
