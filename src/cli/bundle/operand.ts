import type { Arguments } from '../parse-arguments.ts';
import { requireReadable } from '../require-readable.ts';
import { UsageError } from '../usage-error.ts';

/** The one bundle that a command is about. @throws {UsageError} */
export function bundleOperand({ operands }: Arguments): string {
  const [file, another] = operands;
  if (file === undefined) throw new UsageError('which bundle? Give its .tar.gz, or its folder');
  if (another !== undefined) throw new UsageError(`one bundle at a time: ${file} or ${another}`);
  requireReadable(file);
  return file;
}
