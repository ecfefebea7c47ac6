import type { SimulationReport } from '../../app/limits/simulate-limits.ts';
import { formatProblem } from '../../config/problem.ts';
import { printable } from '../../domain/printable.ts';
import type { SimulatedLimit } from '../../limits/simulation.ts';
import { jsonOption, table, type Command } from '../command.ts';
import type { CliContext, ExitStatus } from '../context.ts';
import { configOptions, givenConfig, requireConfig } from '../given-config.ts';
import { type Arguments, parseArguments } from '../parse-arguments.ts';
import { requireReadable } from '../require-readable.ts';
import { UsageError } from '../usage-error.ts';
import { countText } from './count-text.ts';

export const limitsSimulate: Command = {
  name: 'limits simulate',
  summary: 'what limits would have done to the requests of a decision log',
  options: [
    { name: 'log', value: 'FILE', about: 'decision records, a line each' },
    { name: 'limits', value: 'FILE', about: 'the limits.yaml to try' },
    ...configOptions('try the limits of this sallyport.yaml'),
    jsonOption,
  ],
  run: simulate,
};

/** The answer is no when some request would have fared otherwise. */
async function simulate(args: readonly string[], context: CliContext): Promise<ExitStatus> {
  const given = parseArguments(limitsSimulate, args);
  const log = given.text('log');
  if (log === undefined) throw new UsageError('--log is missing: which decision log?');
  requireReadable(log);
  const simulated = await context.simulateLimits(limitsFileIn(given, context), log);
  if ('problems' in simulated) {
    throw new UsageError(simulated.problems.map(formatProblem).join('\n'));
  }
  const { value: report } = simulated;
  for (const { line, fault } of report.faults) {
    context.stderr.write(printable(`${log}:${line}: ${fault}; left out`) + '\n');
  }
  if (report.requests + report.refusedBefore === 0 && report.badLines > 0) {
    throw new UsageError(`${log} has no decision records: is it the log of decisions?`);
  }
  context.stdout.write(given.flag('json') ? `${JSON.stringify(report)}\n` : describe(report));
  return report.newlyRefused + report.newlyAdmitted > 0 ? 1 : 0;
}

/** @throws {UsageError} */
function limitsFileIn(given: Arguments, context: CliContext): string {
  const file = given.text('limits');
  const config = givenConfig(given, context.environment);
  if (file !== undefined && config !== undefined) {
    throw new UsageError('--limits and a configuration exclude each other');
  }
  const limits = file ?? (config && requireConfig(config).limits);
  if (limits === undefined) {
    throw new UsageError('which limits? Give --limits limits.yaml, or -c sallyport.yaml with some');
  }
  requireReadable(limits);
  return limits;
}

function describe(report: SimulationReport): string {
  const { requests, refused, wasRefused, newlyRefused, newlyAdmitted } = report;
  const rows = [
    ['requests', `${requests}${spanText(report)}`],
    ['refused', `${refused} would be, ${wasRefused} were`],
    ['difference', `${newlyRefused} newly refused, ${newlyAdmitted} newly admitted`],
    [
      'left out',
      `${report.refusedBefore} refused before their limits, ${report.badLines} bad lines`,
    ],
  ];
  const limits = [
    ['LIMIT', 'ASKED', 'WOULD REFUSE', 'REFUSED', 'FIRST', ''],
    ...report.limits.map(limitRow),
  ];
  const parts = [table(rows), table(limits), ...report.limits.flatMap(topText)];
  return `${parts.join('\n\n')}\n`;
}

function spanText({ firstMs, lastMs }: SimulationReport): string {
  if (firstMs === undefined || lastMs === undefined) return '';
  return `, ${new Date(firstMs).toISOString()} to ${new Date(lastMs).toISOString()}`;
}

function limitRow({ limit, asked, refused, wasRefused, firstRefusedMs, mode }: SimulatedLimit) {
  return [
    limit,
    String(asked),
    String(refused),
    String(wasRefused),
    firstRefusedMs === undefined ? '-' : new Date(firstRefusedMs).toISOString(),
    mode === 'shadow' ? 'shadow' : '',
  ];
}

function topText({ limit, top }: SimulatedLimit): string[] {
  if (top.length === 0) return [];
  const rows = top.map(({ about, count, overcount }) => {
    const parts = Object.entries(about).map(([name, value]) =>
      value === null ? name : `${name}=${value.slice(0, 128)}`,
    );
    return [countText(count, overcount), printable(parts.join(' ') || 'all')];
  });
  return [`${limit} would refuse most often:\n${table(rows)}`];
}
