import { createHash } from 'node:crypto';
import { createReadStream, type Stats } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

export interface FileWatch {
  readonly paths: readonly string[];
  /** Called when the content of one of the files has changed, appeared or gone, and then held still. */
  readonly onChange: () => void;
}

/**
 * Watches files, without keeping the process alive.
 *
 * It polls: notifications are lost across symlink swaps (Kubernetes ConfigMaps), renames
 * (editors) and network mounts. A file is read only when its inode, size or times differ. What it
 * has seen of a file it never forgets, so no change is lost when other files are watched as well.
 */
export class FileWatcher {
  readonly #intervalMs: number;
  readonly #files = new Map<string, WatchedFile>();
  /** Changed, and not yet at rest. */
  readonly #moving = new Set<string>();
  #watches: readonly FileWatch[] = [];
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(intervalMs = 300) {
    this.#intervalMs = intervalMs;
  }

  /** Remembers what is there now. To miss no change, look before you load, and then watch. */
  async look(paths: readonly string[]): Promise<void> {
    for (const path of await this.#changed(paths)) this.#moving.add(path);
  }

  /** Watches these instead of those before. */
  watch(watches: readonly FileWatch[]): void {
    this.#watches = watches;
    if (this.#timer === undefined) void this.#poll();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  async #poll(): Promise<void> {
    const changed = await this.#changed(this.#watches.flatMap(({ paths }) => paths));
    if (this.#stopped) return;
    this.#timer = setTimeout(() => void this.#poll(), this.#intervalMs).unref();
    const settled = this.#watches.filter(
      ({ paths }) =>
        paths.some((path) => this.#moving.has(path)) && !paths.some((path) => changed.has(path)),
    );
    for (const path of settled.flatMap(({ paths }) => paths)) this.#moving.delete(path);
    for (const path of changed) this.#moving.add(path);
    for (const { onChange } of settled) onChange();
  }

  async #changed(paths: readonly string[]): Promise<ReadonlySet<string>> {
    const changed = new Set<string>();
    for (const path of new Set(paths)) {
      const file = this.#files.get(path) ?? new WatchedFile(path);
      this.#files.set(path, file);
      if (await file.hasChanged()) changed.add(path);
    }
    return changed;
  }
}

const gone = 'gone';

class WatchedFile {
  readonly #path: string;
  #stamp: string | undefined;
  #digest: string | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** Since the last call; the first only looks. Never rejects. */
  async hasChanged(): Promise<boolean> {
    const stamp = await stampOf(this.#path).catch(() => gone);
    if (stamp === this.#stamp) return false;
    const digest = stamp === gone ? gone : await digestOf(this.#path, stamp).catch(() => gone);
    const changed = this.#digest !== undefined && digest !== this.#digest;
    [this.#stamp, this.#digest] = [stamp, digest];
    return changed;
  }
}

/** Of a folder, of everything below it. */
async function stampOf(path: string): Promise<string> {
  const stats = await stat(path);
  if (stats.isFile()) return formatStamp(stats);
  if (!stats.isDirectory()) return pipeMark;
  const names = await readdir(path, { recursive: true });
  const stamps = names
    .toSorted()
    .map(async (name) => `${name}:${formatStamp(await stat(join(path, name)))}`);
  return folderMark + (await Promise.all(stamps)).join('\n');
}

const folderMark = 'folder\n';
/** What can be read once only is left to whoever loads it, and never changes. */
const pipeMark = 'pipe';

function formatStamp({ dev, ino, size, mtimeMs, ctimeMs }: Stats): string {
  return [dev, ino, size, mtimeMs, ctimeMs].join();
}

/** What is in a folder is not read: whoever loads it sees whether it is the same. */
async function digestOf(path: string, stamp: string): Promise<string> {
  if (stamp.startsWith(folderMark) || stamp === pipeMark) return stamp;
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
