import { parseArgs, type ParseArgsOptionDescriptor } from 'node:util';
import { messageOf } from '../domain/fault-message.ts';
import { hintOfNearest } from '../config/schema/nearest.ts';
import { helpOption, type Command, type CommandOption } from './command.ts';
import { UsageError } from './usage-error.ts';

/** A command's arguments, by the names in its table. */
export interface Arguments {
  readonly operands: readonly string[];
  flag(name: string): boolean;
  text(name: string): string | undefined;
  texts(name: string): readonly string[];
}

/** @throws {UsageError} for an option that the command has not, or a value that is missing. */
export function parseArguments(command: Command, args: readonly string[]): Arguments {
  const options = [...command.options, helpOption];
  const { values, positionals } = parse(options, args);
  if (command.operands === undefined && positionals.length > 0) {
    throw new UsageError(`${command.name} takes no ${JSON.stringify(positionals[0])}`);
  }
  const texts = (name: string): string[] =>
    [values[name]].flat().filter((value) => typeof value === 'string');
  return {
    operands: positionals,
    flag: (name) => values[name] === true,
    text: (name) => texts(name)[0],
    texts,
  };
}

function parse(options: readonly CommandOption[], args: readonly string[]) {
  const descriptors = Object.fromEntries(options.map((option) => [option.name, describe(option)]));
  try {
    return parseArgs({ args: [...args], options: descriptors, allowPositionals: true });
  } catch (error) {
    throw new UsageError(explain(error, options));
  }
}

function describe({ value, short, multiple = false }: CommandOption): ParseArgsOptionDescriptor {
  return {
    type: value === undefined ? 'boolean' : 'string',
    multiple,
    ...(short !== undefined && { short }),
  };
}

function explain(error: unknown, options: readonly CommandOption[]): string {
  const message = messageOf(error);
  const [, unknown] = /^Unknown option '(-[^']*)'/.exec(message) ?? [];
  if (unknown === undefined) return message;
  const known = options.map((option) => `--${option.name}`);
  return `there is no option ${unknown}${hintOfNearest(unknown, known)}`;
}
