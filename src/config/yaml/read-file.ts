import { closeSync, openSync, readSync } from 'node:fs';

/** Far above any real configuration, far below what would hurt. */
const maxFileBytes = 1024 * 1024;

/** A UTF-8 file of at most so many bytes. Throws an Error whose message follows the file's name. */
export function readText(path: string, maxBytes = maxFileBytes): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(readBytes(path, maxBytes));
  } catch (error) {
    throw error instanceof TypeError ? new Error('is not UTF-8 text', { cause: error }) : error;
  }
}

/** A file of at most so many bytes; a pipe (`-c <(…)`) to its end. Throws as `readText` does. */
export function readBytes(path: string, maxBytes = maxFileBytes): Buffer {
  const bytes = readBounded(path, maxBytes);
  if (bytes.length > maxBytes) throw new Error(`is larger than ${maxBytes} bytes`);
  return bytes;
}

function readBounded(path: string, maxBytes: number): Buffer {
  const buffer = Buffer.alloc(maxBytes + 1);
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
    throw unreadable(error);
  }
  return buffer.subarray(0, length);
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'permission denied',
  EISDIR: 'it is a directory',
};

/** What reading a file failed with, as a sentence that follows the file's name. */
export function unreadable(error: unknown): Error {
  return new Error(`cannot be read: ${reasonOf(error)}`, { cause: error });
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error ? String(error.code) : '';
  return reasons[code] ?? error.message;
}
