import { writeFileSync } from 'node:fs';
import type { OfflineChecker } from '../app/offline-checker.ts';
import type { Config } from '../config/config.ts';
import { loadAccess } from '../config/access/load-access.ts';
import {
  type CaseFile,
  type DecisionCase,
  type Expectation,
  loadCases,
} from '../config/access/load-cases.ts';
import { formatProblem } from '../config/problem.ts';
import { printable } from '../domain/printable.ts';
import { type CheckReport, reportOf } from './check-report.ts';
import { jsonOption, type Command } from './command.ts';
import type { CliContext, ExitStatus } from './context.ts';
import { checkRequestOf } from './described-request.ts';
import {
  type ConfigFile,
  configOptions,
  givenConfig,
  requireConfig,
  sallyportYaml,
} from './given-config.ts';
import { junitXml } from './junit.ts';
import { parseArguments } from './parse-arguments.ts';
import { requireReadable } from './require-readable.ts';
import { UsageError } from './usage-error.ts';

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

interface CaseResult {
  readonly file: string;
  readonly line: number;
  readonly name: string;
  readonly seconds: number;
  /** Absent: it is as expected. */
  readonly failure?: string;
}

async function runTest(args: readonly string[], context: CliContext): Promise<ExitStatus> {
  const given = parseArguments(testCases, args);
  if (given.operands.length === 0) throw new UsageError('which cases? Give their files');
  const configFile = givenConfig(given, context.environment);
  const results: CaseResult[] = [];
  const coverage = new RuleCoverage();
  for (const path of given.operands) {
    const file = requireCases(path);
    const config = requireConfig(configFile ?? configOf(path, file, context));
    const checker = await context.createOfflineChecker(config);
    try {
      for (const each of file.cases) results.push(await runCase(path, each, checker));
      coverage.add(config, checker.usedRules);
    } finally {
      checker.close();
    }
  }
  const junit = given.text('junit');
  if (junit !== undefined) {
    writeFileSync(junit, junitXml(results.map((result) => ({ ...result, suite: result.file }))));
  }
  const passed = results.every(({ failure }) => failure === undefined);
  const unused = coverage.unused();
  const text = given.flag('json')
    ? `${JSON.stringify({ passed, cases: results, unusedRules: unused })}\n`
    : formatResults(results, unused);
  context.stdout.write(text);
  return passed ? 0 : 1;
}

/** @throws {UsageError} with every problem of the file. */
function requireCases(path: string): CaseFile {
  requireReadable(path);
  const file = loadCases(path);
  if ('cases' in file) return file;
  throw new UsageError(`${path} is not valid\n${file.problems.map(formatProblem).join('\n')}`);
}

function configOf(path: string, { config }: CaseFile, { environment }: CliContext): ConfigFile {
  if (config !== undefined) return sallyportYaml(config, environment);
  throw new UsageError(`${path} names no configuration: give one there (config), or with -c`);
}

const timeoutMs = 10_000;

async function runCase(
  file: string,
  { name, line, request, expect }: DecisionCase,
  checker: OfflineChecker,
): Promise<CaseResult> {
  const { body, ...described } = request;
  const asked = checkRequestOf({
    ...described,
    body: body === undefined ? body : Buffer.from(body),
  });
  const startedMs = performance.now();
  let report = reportOf(await checker.check(asked, { timeoutMs }));
  for (let times = 1; times < request.repeat; times += 1) {
    report = reportOf(await checker.check(asked, { timeoutMs }));
  }
  const failure = failureOf(expect, report);
  const result = { file, line, name, seconds: (performance.now() - startedMs) / 1000 };
  return failure === undefined ? result : { ...result, failure };
}

function failureOf(expected: Expectation, report: CheckReport): string | undefined {
  const { outcome, reason, rule, httpStatus: status } = report;
  const actual = { outcome, reason, rule, status };
  const differences = keys
    .filter((key) => expected[key] !== undefined && expected[key] !== actual[key])
    .map((key) => `${key} ${expected[key]}`);
  if (differences.length === 0) return undefined;
  const by = rule === undefined ? 'by no rule' : `by rule ${rule}`;
  return `expected ${differences.join(', ')}; got ${outcome} ${reason} ${by}, HTTP ${status}`;
}

const keys = ['outcome', 'reason', 'rule', 'status'] as const;

/** The rules of access documents, and those that answered a case. */
class RuleCoverage {
  readonly #rules = new Set<string>();
  readonly #used = new Set<string>();

  add({ access }: Config, used: ReadonlySet<string>): void {
    const loaded = access === undefined ? undefined : loadAccess(access);
    for (const { name, deny, allow } of loaded && 'document' in loaded
      ? loaded.document.services
      : []) {
      for (const rule of [...deny, ...allow]) this.#rules.add(`${name}/${rule.name}`);
    }
    for (const rule of used) this.#used.add(rule);
  }

  unused(): readonly string[] {
    return [...this.#rules].filter((rule) => !this.#used.has(rule));
  }
}

function formatResults(results: readonly CaseResult[], unused: readonly string[]): string {
  const lines = results.map(({ file, line, name, failure }) =>
    failure === undefined ? `ok    ${name}` : `FAIL  ${name}\n      ${file}:${line}: ${failure}`,
  );
  const failed = results.filter(({ failure }) => failure !== undefined).length;
  const summary = `${results.length} cases, ${failed} failed`;
  const coverage =
    unused.length === 0 ? [] : [`rules that no case exercises: ${unused.join(', ')}`];
  return [...lines, ...coverage, summary]
    .map((line) => `${line.split('\n').map(printable).join('\n')}\n`)
    .join('');
}
