import { createHash } from 'node:crypto';
import { createReadStream, type Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';

/**
 * Calls `onChange` when the content of one of the files has changed, appeared or gone, and then
 * held still for one interval. Returns what stops it. Does not keep the process alive.
 *
 * It polls: notifications are lost across symlink swaps (Kubernetes ConfigMaps), renames
 * (editors) and network mounts. A file is read only when its inode, size or times differ.
 * What it compares with is read at the first poll, so begin to watch before you load.
 */
export function watchFiles(
  paths: readonly string[],
  onChange: () => void,
  intervalMs = 300,
): () => void {
  const files = paths.map((path) => new WatchedFile(path));
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let moving = false;

  const poll = async (): Promise<void> => {
    const wasMoving = moving;
    const changes = await Promise.all(files.map((file) => file.hasChanged()));
    if (stopped) return;
    moving = changes.includes(true);
    schedule();
    if (wasMoving && !moving) onChange();
  };
  const schedule = (): void => {
    timer = setTimeout(() => void poll(), intervalMs).unref();
  };

  void poll();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
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
    const stamp = await stat(this.#path).then(stampOf, () => gone);
    if (stamp === this.#stamp) return false;
    const digest = stamp === gone ? gone : await digestOf(this.#path).catch(() => gone);
    const changed = this.#digest !== undefined && digest !== this.#digest;
    [this.#stamp, this.#digest] = [stamp, digest];
    return changed;
  }
}

function stampOf({ dev, ino, size, mtimeMs, ctimeMs }: Stats): string {
  return [dev, ino, size, mtimeMs, ctimeMs].join();
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
