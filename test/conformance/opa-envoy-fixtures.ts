import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = join(import.meta.dirname, '../fixtures/opa-envoy');

export function readFixture(name: string): unknown {
  return JSON.parse(readFileSync(join(folder, name), 'utf8')) as unknown;
}

/** Where Sallyport answers otherwise than opa-envoy-plugin, and why, by short names. */
export function readDifferences(): Readonly<Record<string, string>> {
  return readFixture('differences.json') as Record<string, string>;
}
