import { nearest } from '../config/nearest.ts';
import { check } from './check.ts';
import { helpOf, table, type Command } from './command.ts';
import type { CliContext, ExitStatus } from './context.ts';
import { serve } from './serve.ts';
import { UsageError } from './usage-error.ts';
import { validate } from './validate.ts';

const commands: readonly Command[] = [serve, validate, check];

/** Does what the arguments say. Never rejects. */
export async function run(args: readonly string[], context: CliContext): Promise<ExitStatus> {
  try {
    return await dispatch(args, context);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const hint = error instanceof UsageError ? `\nTry: ${context.program} --help` : '';
    context.stderr.write(`sallyport: ${message}${hint}\n`);
    return 2;
  }
}

async function dispatch(
  [name = '--help', ...args]: readonly string[],
  context: CliContext,
): Promise<ExitStatus> {
  if (name === '--version' || name === '-V')
    return print(`sallyport ${context.version}\n`, context);
  if (name === '--help' || name === '-h' || name === 'help') return help(args, context);
  const command = commandCalled(name);
  const wantsHelp = args.includes('--help') || args.includes('-h');
  if (wantsHelp) return help([name], context);
  return command.run(args, context);
}

function help([name]: readonly string[], context: CliContext): ExitStatus {
  if (name !== undefined) return print(helpOf(commandCalled(name), context.program), context);
  const rows = commands.map((command) => [command.name, command.summary] as const);
  const text = `Sallyport answers Envoy's ext_authz checks: who is calling, may they, and how much.

Usage: ${context.program} COMMAND [OPTION…]

${table([...rows, ['--version', 'the version'], ['COMMAND --help', 'what a command takes']])}

Exit status: 0 yes, 1 the answer is no, 2 it could not be asked.
`;
  return print(text, context);
}

function commandCalled(name: string): Command {
  const command = commands.find((each) => each.name === name);
  if (command !== undefined) return command;
  const names = commands.map((each) => each.name);
  const close = nearest(name, names);
  throw new UsageError(
    `there is no command ${JSON.stringify(name)}; ${close === undefined ? `there are ${names.join(', ')}` : `did you mean ${close}?`}`,
  );
}

function print(text: string, context: CliContext): ExitStatus {
  context.stdout.write(text);
  return 0;
}
