import { accessFindings, accessFindingsOf } from './access/findings.ts';
import { loadCases } from '../config/access/load-cases.ts';
import { documentKind } from '../config/document-kind.ts';
import { loadLimits } from '../config/limits/load-limits.ts';
import { problemsOf } from '../config/loaded.ts';
import { formatProblem, type Problem } from '../config/problem.ts';
import type { SoundParts } from '../config/schema/sound-parts.ts';
import { onlyRego } from './bundle/report.ts';
import { jsonOption, type Command } from './command.ts';
import type { CliContext, ExitStatus } from './context.ts';
import { type ConfigFile, configOptions, givenConfig, sallyportYaml } from './given-config.ts';
import { parseArguments } from './parse-arguments.ts';
import { requireReadable } from './require-readable.ts';

export const validate: Command = {
  name: 'validate',
  summary: 'configuration, access document, limits, bundle: every problem in one go',
  options: [...configOptions(), jsonOption],
  operands: '[FILE…]',
  run: runValidation,
};

/** What is wrong, and what is merely left out. */
interface Findings {
  readonly problems: readonly Problem[];
  readonly warnings?: readonly Problem[];
}

async function runValidation(args: readonly string[], context: CliContext): Promise<ExitStatus> {
  const { environment, defaultConfig } = context;
  const given = parseArguments(validate, args);
  const nothing = given.operands.length === 0;
  const config =
    givenConfig(given, environment) ??
    (nothing ? sallyportYaml(defaultConfig, environment) : undefined);
  const found: Findings[] = [];
  if (config !== undefined) found.push(await configFindings(config, context));
  for (const file of given.operands) found.push(await fileFindings(file, context));

  const problems = found.flatMap((each) => each.problems);
  const warnings = found.flatMap((each) => each.warnings ?? []);
  const valid = problems.length === 0;
  if (given.flag('json')) {
    context.stdout.write(`${JSON.stringify({ valid, problems, warnings })}\n`);
  } else {
    const files = [...(config === undefined ? [] : [config.path]), ...given.operands];
    const lines = new Set([...warnings, ...problems].map(formatProblem));
    const verdict = valid ? files.map((file) => `${file}: valid`) : [];
    context.stdout.write([...lines, ...verdict, ''].join('\n'));
  }
  return valid ? 0 : 1;
}

/**
 * Files say by their content what they are. What the options name is a configuration, and may be a
 * pipe, which can be read only once.
 */
async function fileFindings(file: string, context: CliContext): Promise<Findings> {
  requireReadable(file);
  const kind = documentKind(file);
  switch (kind) {
    case 'access':
      return accessFindings(file);
    case 'bundle':
      return bundleFindings(file, context);
    case 'cases':
      return { problems: problemsOf(loadCases(file)) };
    case 'config':
      return configFindings(sallyportYaml(file, context.environment), context);
    case 'limits':
      return { problems: limitsProblems(file) };
    default:
      return kind satisfies never;
  }
}

/** What no configuration can mend; `bundle verify` judges it for one configuration. */
async function bundleFindings(file: string, context: CliContext): Promise<Findings> {
  const inspected = await context.inspectBundle(file);
  if ('problems' in inspected) return inspected;
  const { builtins, modules, hasRego } = inspected.value;
  const problems = builtins
    .filter(({ given }) => given === 'never')
    .map(({ name, refusal = '' }) => ({ file, path: '', message: `calls ${name}: ${refusal}` }));
  const isSource = hasRego && modules.length === 0;
  const message = `its module: ${onlyRego}`;
  return { problems, warnings: isSource ? [{ file, path: '', message }] : [] };
}

async function configFindings(file: ConfigFile, context: CliContext): Promise<Findings> {
  requireReadable(file.path);
  const loaded = file.load();
  if ('config' in loaded) {
    const { config, warnings = [] } = loaded;
    const access = accessFindingsOf(config);
    return {
      problems: [...access.problems, ...(await context.inspectConfiguration(config))],
      warnings: [...warnings, ...access.warnings],
    };
  }
  const { problems, sound = {} } = loaded;
  return { problems: [...problems, ...(await furtherProblems(sound, context))] };
}

function furtherProblems(
  { config, limits }: SoundParts,
  context: CliContext,
): Promise<readonly Problem[]> | readonly Problem[] {
  if (config !== undefined) return context.inspectConfiguration(config);
  return limits === undefined ? [] : limitsProblems(limits);
}

function limitsProblems(file: string): readonly Problem[] {
  return problemsOf(loadLimits(file));
}
