import type { CliContext, ExitStatus } from './context.ts';

/** What a person types after the program's name. */
export interface Command {
  readonly name: string;
  /** One line, for the list of commands. */
  readonly summary: string;
  readonly options: readonly CommandOption[];
  /** What follows the options: `[FILE…]`. */
  readonly operands?: string;
  /** Rejects with a UsageError when it was called wrongly. */
  run(args: readonly string[], context: CliContext): Promise<ExitStatus>;
}

/** One row of a command's help; the same table is what is parsed. */
export interface CommandOption {
  readonly name: string;
  readonly short?: string;
  /** What the value is called in the help; absent: the option has no value. */
  readonly value?: string;
  readonly multiple?: boolean;
  readonly about: string;
}

export const configOption: CommandOption = {
  name: 'config',
  short: 'c',
  value: 'FILE',
  about: 'sallyport.yaml; without it, the shipped example',
};

export const jsonOption: CommandOption = { name: 'json', about: 'print JSON, for programs' };

/** The help of one command. */
export function helpOf(command: Command, program: string): string {
  const rows = [...command.options, helpOption].map(
    (option) => [optionText(option), option.about] as const,
  );
  const operands = command.operands === undefined ? '' : ` ${command.operands}`;
  return `${command.summary}

Usage: ${program} ${command.name} [OPTION…]${operands}

${table(rows)}
`;
}

export const helpOption: CommandOption = { name: 'help', short: 'h', about: 'this text' };

function optionText({ name, short, value, multiple }: CommandOption): string {
  const long = value === undefined ? `--${name}` : `--${name} ${value}`;
  const repeated = multiple === true ? `${long} …` : long;
  return short === undefined ? `    ${repeated}` : `-${short}, ${repeated}`;
}

/** Aligned columns, indented. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) {
      widths[column] = Math.max(widths[column] ?? 0, cell.length);
    }
  }
  const line = (row: readonly string[]): string =>
    row.map((cell, column) => `  ${cell.padEnd(widths[column] ?? 0)}`).join('');
  return rows.map((row) => line(row).trimEnd()).join('\n');
}
