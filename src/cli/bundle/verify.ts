import { formatProblem } from '../../config/problem.ts';
import type { Config } from '../../config/config.ts';
import { bundleOperand } from './operand.ts';
import { jsonOption, type Command } from '../command.ts';
import type { CliContext, ExitStatus } from '../context.ts';
import { configOptions, givenConfig, requireConfig, sallyportYaml } from '../given-config.ts';
import { type Arguments, parseArguments } from '../parse-arguments.ts';
import { UsageError } from '../usage-error.ts';
import { readVerification, verificationOptions } from './verification-options.ts';

export const bundleVerify: Command = {
  name: 'bundle verify',
  summary: 'would a server take this bundle, and if not, why',
  options: [
    ...configOptions(),
    { name: 'bundle', value: 'NAME', about: 'which of several bundles it would be' },
    ...verificationOptions,
    jsonOption,
  ],
  operands: 'FILE',
  run: verify,
};

async function verify(args: readonly string[], context: CliContext): Promise<ExitStatus> {
  const given = parseArguments(bundleVerify, args);
  const path = bundleOperand(given);
  const signing = readVerification(given);
  const { environment, defaultConfig } = context;
  const file = givenConfig(given, environment) ?? sallyportYaml(defaultConfig, environment);
  const config = requireConfig(file);
  const name = nameIn(given, config);
  const tried = await context.tryBundle(config, { name, path, ...(signing && { signing }) });
  const problems = 'problems' in tried ? tried.problems : [];
  if (given.flag('json')) {
    const revision = 'value' in tried ? tried.value : {};
    const accepted = problems.length === 0;
    context.stdout.write(`${JSON.stringify({ accepted, ...revision, problems })}\n`);
  } else if ('value' in tried) {
    context.stdout.write(
      `${path}: a server takes it; revision ${tried.value.revision} would decide\n`,
    );
  } else {
    context.stdout.write(problems.map((each) => `${formatProblem(each)}\n`).join(''));
  }
  return problems.length === 0 ? 0 : 1;
}

/** @throws {UsageError} when it does not follow from the configuration. */
function nameIn(given: Arguments, { policy }: Config): string {
  const names = policy.bundles.map(({ name }) => name);
  const wanted = given.text('bundle') ?? (names.length === 1 ? names[0] : undefined);
  if (wanted !== undefined && names.includes(wanted)) return wanted;
  const fault = wanted === undefined ? 'is missing' : `names ${wanted}, which is not configured`;
  throw new UsageError(`--bundle ${fault}; there are ${names.join(', ')}`);
}
