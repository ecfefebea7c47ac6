import { documentKind } from '../config/document-kind.ts';
import { loadConfig } from '../config/load-config.ts';
import { loadLimits } from '../config/load-limits.ts';
import { formatProblem, type Problem } from '../config/problem.ts';
import type { SoundParts } from '../config/sound-parts.ts';
import { configOption, jsonOption, type Command } from './command.ts';
import type { CliContext, ExitStatus } from './context.ts';
import { parseArguments } from './parse-arguments.ts';
import { requireReadable } from './require-readable.ts';

export const validate: Command = {
  name: 'validate',
  summary: 'configuration, limits and bundle: every problem in one go',
  options: [configOption, jsonOption],
  operands: '[FILE…]',
  run: runValidation,
};

async function runValidation(args: readonly string[], context: CliContext): Promise<ExitStatus> {
  const given = parseArguments(validate, args);
  const config = given.text('config');
  const files = [...(config === undefined ? [] : [config]), ...given.operands];
  const validated = files.length === 0 ? [context.defaultConfig] : files;
  const found: Problem[] = [];
  for (const file of validated) found.push(...(await problemsOf(file, file === config, context)));
  const lines = new Set(found.map(formatProblem));
  if (given.flag('json')) {
    context.stdout.write(`${JSON.stringify({ valid: lines.size === 0, problems: found })}\n`);
  } else if (lines.size === 0) {
    context.stdout.write(validated.map((file) => `${file}: valid\n`).join(''));
  } else {
    context.stdout.write([...lines, ''].join('\n'));
  }
  return lines.size === 0 ? 0 : 1;
}

/**
 * What `-c` names is a configuration, and may be a pipe, which can be read only once; other files
 * say by their content what they are.
 */
async function problemsOf(
  file: string,
  isConfig: boolean,
  context: CliContext,
): Promise<readonly Problem[]> {
  requireReadable(file);
  const kind = isConfig ? 'config' : documentKind(file);
  if (kind === 'bundle') return bundleProblems(file, context);
  return kind === 'limits' ? limitsProblems(file) : configProblems(file, context);
}

/** What no configuration can mend; `bundle verify` judges it for one configuration. */
async function bundleProblems(file: string, context: CliContext): Promise<readonly Problem[]> {
  const inspected = await context.inspectBundle(file);
  if ('problems' in inspected) return inspected.problems;
  return inspected.value.builtins
    .filter(({ given }) => given === 'never')
    .map(({ name, refusal = '' }) => ({ file, path: '', message: `calls ${name}: ${refusal}` }));
}

async function configProblems(file: string, context: CliContext): Promise<readonly Problem[]> {
  const loaded = loadConfig(file, context.environment);
  if ('config' in loaded) return context.inspectConfiguration(loaded.config);
  const { problems, sound = {} } = loaded;
  return [...problems, ...(await furtherProblems(sound, context))];
}

function furtherProblems(
  { config, limits }: SoundParts,
  context: CliContext,
): Promise<readonly Problem[]> | readonly Problem[] {
  if (config !== undefined) return context.inspectConfiguration(config);
  return limits === undefined ? [] : limitsProblems(limits);
}

function limitsProblems(file: string): readonly Problem[] {
  const loaded = loadLimits(file);
  return 'problems' in loaded ? loaded.problems : [];
}
