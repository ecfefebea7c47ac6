import type { AdminCall } from '../admin/admin-client.ts';
import type { JsonObject } from '../domain/json.ts';
import { printable } from '../domain/printable.ts';
import { connectToAdmin } from './admin-connection.ts';
import type { Command } from './command.ts';
import type { CliContext, ExitStatus } from './context.ts';
import { type Arguments, parseArguments } from './parse-arguments.ts';
import { documentIn } from './reply-parts.ts';

/** What one command asks a server, and what it says of the reply. */
export interface Question {
  readonly needsToken: boolean;
  /** @throws {UsageError} */
  readonly call: (given: Arguments) => Omit<AdminCall, 'token'>;
  /** For a terminal; `--json` prints the reply as it came. */
  readonly describe: (reply: JsonObject) => string;
}

export async function askAndPrint(
  command: Command,
  args: readonly string[],
  context: CliContext,
  { needsToken, call, describe }: Question,
): Promise<ExitStatus> {
  const given = parseArguments(command, args);
  const asked = call(given);
  const ask = await connectToAdmin(given, context, { needsToken });
  const { status, body } = await ask(asked);
  if (status !== 200) {
    const lines = body.trim().split('\n').map(printable);
    context.stderr.write(`${lines.join('\n')}\n`);
    return 1;
  }
  context.stdout.write(given.flag('json') ? body : `${describe(documentIn(body))}\n`);
  return 0;
}
