import { mkdir, open, rename } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { readFileWithin } from './read-file.ts';

/** The last good archive of one bundle on disk, to start from when its server is away. */
export interface KeptBundle {
  /** Undefined: there is none. */
  read(): Promise<Uint8Array | undefined>;
  /** Whole or not at all, also when the machine stops meanwhile. */
  write(archive: Uint8Array): Promise<void>;
}

/** Where OPA keeps it: `<directory>/bundles/<name>/bundle.tar.gz`. */
export function keepBundle(directory: string, name: string): KeptBundle {
  const path = join(directory, 'bundles', encodeURIComponent(name), 'bundle.tar.gz');
  return {
    async read() {
      try {
        return await readFileWithin(path, Infinity);
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
        throw error;
      }
    },
    async write(archive) {
      // Replicas in containers may share the folder, and all have the same process id.
      const aside = `${path}.${hostname()}.${process.pid}.tmp`;
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      const file = await open(aside, 'w', 0o600);
      try {
        await file.writeFile(archive);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(aside, path);
    },
  };
}
