import { readFileSync } from 'node:fs';

/** The package's version; the same from `src/` and from `dist/`. */
export const version = versionIn(new URL('../../package.json', import.meta.url));

function versionIn(file: URL): string {
  const contents: unknown = JSON.parse(readFileSync(file, 'utf8'));
  const known = typeof contents === 'object' && contents !== null && 'version' in contents;
  return known ? String(contents.version) : 'unknown';
}
