import { messageOf } from '../domain/fault-message.ts';
import { nearest } from '../config/schema/nearest.ts';
import { bundleBuild } from './bundle/build.ts';
import { bundleInspect } from './bundle/inspect.ts';
import { bundleVerify } from './bundle/verify.ts';
import { check } from './check/check.ts';
import { helpOf, table, type Command } from './command.ts';
import type { CliContext, ExitStatus } from './context.ts';
import { grantAdd, grantApprove, grantList, grantRevoke } from './access/grant.ts';
import { limitsOverrideAdd, limitsOverrideList, limitsOverrideRemove } from './limits/override.ts';
import { limitsReset } from './limits/reset.ts';
import { limitsShow } from './limits/show.ts';
import { limitsSimulate } from './limits/simulate.ts';
import { limitsTop } from './limits/top.ts';
import { graph } from './access/graph.ts';
import { importIstioCommand } from './access/import-istio.ts';
import { rollback } from './bundle/rollback.ts';
import { serve } from './serve.ts';
import { UsageError } from './usage-error.ts';
import { testCases } from './cases/test-cases.ts';
import { validate } from './validate.ts';

const commands: readonly Command[] = [
  serve,
  validate,
  check,
  testCases,
  bundleBuild,
  bundleInspect,
  bundleVerify,
  importIstioCommand,
  graph,
  rollback,
  limitsShow,
  limitsReset,
  limitsTop,
  limitsSimulate,
  limitsOverrideAdd,
  limitsOverrideList,
  limitsOverrideRemove,
  grantAdd,
  grantApprove,
  grantList,
  grantRevoke,
];

/** Does what the arguments say. Never rejects. */
export async function run(args: readonly string[], context: CliContext): Promise<ExitStatus> {
  try {
    return await dispatch(args, context);
  } catch (error) {
    const message = messageOf(error);
    const called = findCommand(args)?.name;
    const asked = called === undefined ? '--help' : `${called} --help`;
    const hint = error instanceof UsageError ? `\nTry: ${context.program} ${asked}` : '';
    context.stderr.write(`sallyport: ${message}${hint}\n`);
    return 2;
  }
}

async function dispatch(words: readonly string[], context: CliContext): Promise<ExitStatus> {
  const [first = '--help', ...others] = words;
  if (first === '--version' || first === '-V')
    return print(`sallyport ${context.version}\n`, context);
  if (first === '--help' || first === '-h' || first === 'help') return help(others, context);
  if (words.includes('--help') || words.includes('-h')) return help(words, context);
  const command = commandCalled(words);
  return command.run(words.slice(wordsOf(command).length), context);
}

/** Of one command, of those that begin with the same word, or of all. */
function help(words: readonly string[], context: CliContext): ExitStatus {
  const [first] = words;
  if (first === undefined) return print(overviewOf(commands, context.program), context);
  const family = commands.filter(({ name }) => name.startsWith(`${first} `));
  if (family.length > 0 && findCommand(words) === undefined) {
    return print(overviewOf(family, context.program), context);
  }
  return print(helpOf(commandCalled(words), context.program), context);
}

function overviewOf(named: readonly Command[], program: string): string {
  const rows = named.map((command) => [command.name, command.summary] as const);
  return `Sallyport answers Envoy's ext_authz checks: who is calling, may they, and how much.

Usage: ${program} COMMAND [OPTION…]

${table([...rows, ['--version', 'the version'], ['COMMAND --help', 'what a command takes']])}

Exit status: 0 yes, 1 the answer is no, 2 it could not be asked.
`;
}

/** A command has one word to three. */
function wordsOf({ name }: Command): readonly string[] {
  return name.split(' ');
}

function findCommand(words: readonly string[]): Command | undefined {
  return commands.find((each) => wordsOf(each).every((word, index) => word === words[index]));
}

function commandCalled(words: readonly string[]): Command {
  const command = findCommand(words);
  if (command !== undefined) return command;
  const family = commands.filter(({ name }) => name.startsWith(`${words[0]} `));
  const names = (family.length > 0 ? family : commands).map((each) => each.name);
  const length = Math.max(1, ...family.map((each) => wordsOf(each).length));
  const options = words.findIndex((word) => word.startsWith('-'));
  const typed = words.slice(0, options === -1 ? length : Math.min(length, options)).join(' ');
  const close = nearest(typed, names);
  throw new UsageError(
    `there is no command ${JSON.stringify(typed)}; ${close === undefined ? `there are ${names.join(', ')}` : `did you mean ${close}?`}`,
  );
}

function print(text: string, context: CliContext): ExitStatus {
  context.stdout.write(text);
  return 0;
}
