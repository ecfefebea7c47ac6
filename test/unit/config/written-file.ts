import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';

const directory = mkdtempSync(join(tmpdir(), 'sallyport-config-'));
after(() => {
  rmSync(directory, { recursive: true, force: true });
});

/** Where the files of this test run are. */
export const writtenDirectory = directory;

/** Writes a file for this test run and returns its path. */
export function writtenFile(text: string | Uint8Array, name = 'sallyport.yaml'): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}
