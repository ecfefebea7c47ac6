import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { BundleContent } from './read-bundle.ts';

/** What is hashed in one turn of the event loop: about a millisecond. */
const pieceBytes = 512 * 1024;

/** Tells one content from another: SHA-256 of the archive, or of the files with their paths. */
export async function digestContent(content: BundleContent): Promise<string> {
  const hash = createHash('sha256');
  const add = async (bytes: Uint8Array): Promise<void> => {
    for (let start = 0; start < bytes.length; start += pieceBytes) {
      if (start > 0) await setImmediate();
      hash.update(bytes.subarray(start, start + pieceBytes));
    }
  };
  if (content instanceof Uint8Array) {
    await add(content);
  } else {
    for (const [path, bytes] of content) {
      hash.update(`${path}\0${bytes.length}\0`);
      await add(bytes);
    }
  }
  return hash.digest('hex');
}
