import { messageOf } from '../../domain/fault-message.ts';
import type { CheckClient, CheckRequest } from '../../server/check-client.ts';
import { checkOptions, readPlan, type CheckPlan } from './options.ts';
import { formatLine, formatReport, reportOf, type CheckReport } from './report.ts';
import { readRequest } from './request.ts';
import type { Command } from '../command.ts';
import type { CliContext, ExitStatus } from '../context.ts';
import { parseArguments } from '../parse-arguments.ts';
import { requireConfig } from '../given-config.ts';

export const check: Command = {
  name: 'check',
  summary: 'asks a server whether a request is allowed, or with -c decides here',
  options: checkOptions,
  run: runCheck,
};

async function runCheck(args: readonly string[], context: CliContext): Promise<ExitStatus> {
  const given = parseArguments(check, args);
  const plan = readPlan(given, context.environment);
  const request = readRequest(given);
  const client = await connect(plan, context);
  let status: ExitStatus = 0;
  try {
    for (let index = 1; index <= plan.repeat; index++) {
      const report = await ask(client, request, plan, context.program);
      context.stdout.write(textOf(report, index, plan));
      status = report.outcome === 'allow' ? status : 1;
    }
  } finally {
    client.close();
  }
  return status;
}

function connect({ decider }: CheckPlan, context: CliContext): Promise<CheckClient> {
  if ('server' in decider) {
    return context.createCheckClient(decider.server, decider.tls);
  }
  return context.createOfflineChecker(requireConfig(decider.config));
}

async function ask(
  client: CheckClient,
  request: CheckRequest,
  plan: CheckPlan,
  program: string,
): Promise<CheckReport> {
  try {
    return reportOf(await client.check(request, plan));
  } catch (error) {
    const reason = messageOf(error);
    const hint = 'server' in plan.decider ? `\nIs a server there? Start one: ${program} serve` : '';
    throw new Error(`${reason}${hint}`, { cause: error });
  }
}

function textOf(report: CheckReport, index: number, plan: CheckPlan): string {
  if (plan.json) return `${JSON.stringify(report)}\n`;
  return plan.repeat === 1 ? formatReport(report) : `${formatLine(index, report)}\n`;
}
