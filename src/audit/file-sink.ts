import { type FileHandle, lstat, open, rename, rm, stat } from 'node:fs/promises';
import { BatchedSink, type BatchLimits } from './batched-sink.ts';
import type { AuditEvents } from './events.ts';
import type { BatchOutput, Sink } from './sink.ts';

export interface FileSinkOptions {
  readonly path: string;
  /** The file is put aside before it grows over this; one batch is never divided. */
  readonly maxBytes: number;
  /** How many files are kept beside the current one: `path.1` is the youngest. */
  readonly keep: number;
}

/** Writes records to a file of which this process is the only writer. */
export function createFileSink(
  options: FileSinkOptions,
  events: AuditEvents,
  limits?: BatchLimits,
): Sink {
  return new BatchedSink('file', new RotatingFile(options), events, limits);
}

interface OpenFile {
  readonly handle: FileHandle;
  readonly device: number;
  readonly inode: number;
  /** Devices and symbolic links are not ours to rename. */
  readonly rotates: boolean;
  sizeBytes: number;
}

class RotatingFile implements BatchOutput {
  readonly #options: FileSinkOptions;
  #file: OpenFile | undefined;

  constructor(options: FileSinkOptions) {
    this.#options = options;
  }

  async write(batch: Buffer): Promise<void> {
    const file = await this.#fileFor(batch.byteLength);
    try {
      await file.handle.writeFile(batch);
      file.sizeBytes += batch.byteLength;
    } catch (error) {
      await takeBack(file);
      await this.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.handle.close();
  }

  async #fileFor(batchBytes: number): Promise<OpenFile> {
    const { path, maxBytes, keep } = this.#options;
    if (this.#file && !(await isStillAt(path, this.#file))) await this.close();
    const file = (this.#file ??= await openToAppend(path));
    if (!file.rotates || file.sizeBytes === 0 || file.sizeBytes + batchBytes <= maxBytes) {
      return file;
    }
    await this.close();
    await putAside(path, keep);
    return (this.#file = await openToAppend(path));
  }
}

/** Whether somebody (logrotate, an operator) moved or removed the file under us. */
async function isStillAt(path: string, file: OpenFile): Promise<boolean> {
  const found = await stat(path).catch(ignoreMissing);
  return found?.dev === file.device && found.ino === file.inode;
}

/** Records may say who did what: nobody but the owner and the group reads them. */
const fileMode = 0o640;

async function openToAppend(path: string): Promise<OpenFile> {
  const handle = await open(path, 'a+', fileMode);
  try {
    const found = await handle.stat();
    const rotates = found.isFile() && (await lstat(path)).isFile();
    const file = { handle, device: found.dev, inode: found.ino, rotates, sizeBytes: found.size };
    if (found.isFile()) await endTornLine(file);
    return file;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

const lineBreak = Buffer.from('\n');

/** A record that a crash cut short must not swallow the next one. */
async function endTornLine(file: OpenFile): Promise<void> {
  if (file.sizeBytes === 0) return;
  const last = Buffer.alloc(1);
  await file.handle.read(last, 0, 1, file.sizeBytes - 1);
  if (last.equals(lineBreak)) return;
  await file.handle.writeFile(lineBreak);
  file.sizeBytes += 1;
}

/** A full disk may take half a batch: what counts as lost must not be half there. */
async function takeBack(file: OpenFile): Promise<void> {
  // Best effort: devices cannot be cut, and the next open ends a torn line.
  await file.handle.truncate(file.sizeBytes).catch(() => {});
}

async function putAside(path: string, keep: number): Promise<void> {
  if (keep === 0) return rm(path, { force: true });
  for (let age = keep - 1; age >= 1; age -= 1) {
    await rename(`${path}.${age}`, `${path}.${age + 1}`).catch(ignoreMissing);
  }
  await rename(path, `${path}.1`);
}

function ignoreMissing(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
  throw error;
}
