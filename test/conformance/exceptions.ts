import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Cases that are not right here, and why not. */
export interface Exception {
  readonly cause: string;
  /** Their ids. */
  readonly cases: readonly string[];
}

export function readExceptions(): Exception[] {
  const file = join(import.meta.dirname, 'exceptions.json');
  return JSON.parse(readFileSync(file, 'utf8')) as Exception[];
}
