import { closeSync, openSync, readSync } from 'node:fs';

/** Far above any real configuration, far below what would hurt. */
export const maxTextBytes = 1024 * 1024;

/**
 * Reads a UTF-8 file of at most 1 MiB. Pipes (`-c <(…)`) are read to their end.
 * Throws an Error whose message is one sentence for people.
 */
export function readText(path: string): string {
  const bytes = readBounded(path);
  if (bytes.length > maxTextBytes) throw new Error(`is larger than ${maxTextBytes} bytes`);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new Error('is not UTF-8 text');
  }
}

function readBounded(path: string): Buffer {
  const buffer = Buffer.alloc(maxTextBytes + 1);
  let length = 0;
  try {
    const file = openSync(path, 'r');
    try {
      for (let read = -1; read !== 0 && length < buffer.length; length += read) {
        read = readSync(file, buffer, length, buffer.length - length, null);
      }
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw new Error(`cannot be read: ${reasonOf(error)}`, { cause: error });
  }
  return buffer.subarray(0, length);
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'permission denied',
  EISDIR: 'it is a directory',
};

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error ? String(error.code) : '';
  return reasons[code] ?? error.message;
}
