import { open } from 'node:fs/promises';

/** What other threads read into the memory at a time. */
const pieceBytes = 1024 * 1024;

/** The content of a file in memory that threads share; undefined: it is larger than `maxBytes`. */
export async function readFileWithin(
  path: string,
  maxBytes: number,
): Promise<Uint8Array<SharedArrayBuffer> | undefined> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    if (size > maxBytes) return undefined;
    const content = new Uint8Array(new SharedArrayBuffer(size));
    let length = 0;
    while (length < size) {
      const { bytesRead } = await file.read(content, length, Math.min(pieceBytes, size - length));
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    return content.subarray(0, length);
  } finally {
    await file.close();
  }
}
