import { accessSync, constants } from 'node:fs';
import { UsageError } from './usage-error.ts';

/** @throws {UsageError} for what is not there, or not ours to read. */
export function requireReadable(file: string): void {
  try {
    accessSync(file, constants.R_OK);
  } catch (error) {
    throw new UsageError(`${file} cannot be read: there is none, or it is not yours to read`, {
      cause: error,
    });
  }
}
