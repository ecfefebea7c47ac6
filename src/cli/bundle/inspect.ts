import { formatProblem } from '../../config/problem.ts';
import { describeForTerminal } from './report.ts';
import { bundleOperand } from './operand.ts';
import { jsonOption, type Command } from '../command.ts';
import type { CliContext, ExitStatus } from '../context.ts';
import { parseArguments } from '../parse-arguments.ts';
import { readVerification, verificationOptions } from './verification-options.ts';

export const bundleInspect: Command = {
  name: 'bundle inspect',
  summary: 'what a bundle holds, and what it needs',
  options: [...verificationOptions, jsonOption],
  operands: 'FILE',
  run: inspect,
};

/** The answer is no when it is no bundle, or when its signature is not what the key says. */
async function inspect(args: readonly string[], context: CliContext): Promise<ExitStatus> {
  const given = parseArguments(bundleInspect, args);
  const file = bundleOperand(given);
  const inspected = await context.inspectBundle(file, readVerification(given));
  if ('problems' in inspected) {
    context.stderr.write(inspected.problems.map((each) => `${formatProblem(each)}\n`).join(''));
    return 1;
  }
  const { value: description } = inspected;
  const text = given.flag('json') ? JSON.stringify(description) : describeForTerminal(description);
  context.stdout.write(`${text}\n`);
  return description.verification.result === 'bad' ? 1 : 0;
}
