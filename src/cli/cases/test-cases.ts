import { writeFileSync } from 'node:fs';
import type { Config } from '../../config/config.ts';
import { type CaseFile, loadCases } from '../../config/access/load-cases.ts';
import { formatProblem } from '../../config/problem.ts';
import { messageOf } from '../../domain/fault-message.ts';
import { printable } from '../../domain/printable.ts';
import { jsonOption, type Command } from '../command.ts';
import type { CliContext, ExitStatus } from '../context.ts';
import {
  type ConfigFile,
  configOptions,
  givenConfig,
  requireConfig,
  sallyportYaml,
} from '../given-config.ts';
import { parseArguments } from '../parse-arguments.ts';
import { requireReadable } from '../require-readable.ts';
import { UsageError } from '../usage-error.ts';
import { requireGrantable } from './case-grants.ts';
import { givenTokensOf } from './case-tokens.ts';
import { junitXml } from './junit.ts';
import { RuleCoverage, type UnusedRule } from './rule-coverage.ts';
import { type CaseResult, runCase } from './run-case.ts';

export const testCases: Command = {
  name: 'test',
  summary: 'decision cases (request, and what is expected) against a configuration',
  options: [
    ...configOptions('decide with this sallyport.yaml, whatever the files name'),
    { name: 'junit', value: 'FILE', about: 'write the results as JUnit XML too' },
    jsonOption,
  ],
  operands: 'FILE…',
  run: runTest,
};

async function runTest(args: readonly string[], context: CliContext): Promise<ExitStatus> {
  const given = parseArguments(testCases, args);
  if (given.operands.length === 0) throw new UsageError('which cases? Give their files');
  const configFile = givenConfig(given, context.environment);
  const startedAt = new Date();
  const results: CaseResult[] = [];
  const coverage = new RuleCoverage();
  for (const path of given.operands) {
    const file = requireCases(path);
    const config = requireConfig(configFile ?? configOf(path, file, context));
    results.push(...(await runFile(path, file, config, coverage, context)));
  }
  const junit = given.text('junit');
  if (junit !== undefined) {
    const cases = results.map((result) => ({ ...result, suite: result.file }));
    writeJunit(junit, junitXml(cases, startedAt));
  }
  const passed = results.every(({ failure }) => failure === undefined);
  const unused = coverage.unused();
  const text = given.flag('json')
    ? `${JSON.stringify({ passed, cases: results, unusedRules: unused })}\n`
    : formatResults(results, unused);
  context.stdout.write(text);
  return passed ? 0 : 1;
}

/** @throws {UsageError} */
function writeJunit(path: string, xml: string): void {
  try {
    writeFileSync(path, xml);
  } catch (error) {
    throw new UsageError(`--junit: the results cannot be written: ${messageOf(error)}`);
  }
}

async function runFile(
  path: string,
  { cases }: CaseFile,
  config: Config,
  coverage: RuleCoverage,
  context: CliContext,
): Promise<readonly CaseResult[]> {
  requireGrantable(path, cases, config);
  const tokens = givenTokensOf(path, cases, config);
  const checker = await context.createOfflineChecker(config, tokens.issuers);
  const results: CaseResult[] = [];
  try {
    for (const each of cases) {
      results.push(await runCase(path, each, tokens.of(each), checker));
    }
    coverage.add(config, checker.usedRules);
  } finally {
    checker.close();
  }
  return results;
}

/** @throws {UsageError} with every problem of the file. */
function requireCases(path: string): CaseFile {
  requireReadable(path);
  const loaded = loadCases(path);
  if ('value' in loaded) return loaded.value;
  throw new UsageError(`${path} is not valid\n${loaded.problems.map(formatProblem).join('\n')}`);
}

function configOf(path: string, { config }: CaseFile, { environment }: CliContext): ConfigFile {
  if (config !== undefined) return sallyportYaml(config, environment);
  throw new UsageError(`${path} names no configuration: give one there (config), or with -c`);
}

function formatResults(results: readonly CaseResult[], unused: readonly UnusedRule[]): string {
  const lines = results.map(({ file, line, name, failure }) =>
    failure === undefined ? `ok    ${name}` : `FAIL  ${name}\n      ${file}:${line}: ${failure}`,
  );
  const failed = results.filter(({ failure }) => failure !== undefined).length;
  const summary = `${results.length} cases, ${failed} failed`;
  return [...lines, ...coverageLines(unused), summary]
    .map((line) => `${line.split('\n').map(printable).join('\n')}\n`)
    .join('');
}

/** A line for each document, and where there are many rules, for each service of it. */
function coverageLines(unused: readonly UnusedRule[]): readonly string[] {
  const byDocument = [...Map.groupBy(unused, ({ document }) => document)];
  return byDocument.flatMap(([document, rules]) => {
    const where = byDocument.length > 1 ? ` (${document})` : '';
    const names = rules.map(({ rule }) => rule);
    if (names.length <= maxInOneLine) {
      return [`rules that no case exercises${where}: ${names.join(', ')}`];
    }
    const services = Map.groupBy(names, (name) => name.split('/', 1)[0]).values();
    const lines = Array.from(services, (ofOne) => `  ${ofOne.join(', ')}`);
    return [`${names.length} rules that no case exercises${where}:`, ...lines];
  });
}

const maxInOneLine = 5;
