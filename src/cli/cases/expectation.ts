import type { Expectation } from '../../config/access/load-cases.ts';
import type { CheckResponse } from '../../server/check-client.ts';
import { type CheckReport, headersOf, limitNamesOf, reportOf } from '../check/report.ts';

/** What is otherwise than was expected; undefined: nothing. */
export function failureOf(expected: Expectation, response: CheckResponse): string | undefined {
  const report = reportOf(response);
  const differences = [
    ...plainDifferences(expected, report),
    ...limitDifferences(expected, limitNamesOf(response)),
    ...headerDifferences(expected, headersOf(response)),
  ];
  return differences.length === 0
    ? undefined
    : `expected ${differences.join(', ')}; got ${decided(report)}`;
}

function decided({ outcome, reason, rule, httpStatus }: CheckReport): string {
  const by = rule === undefined ? 'by no rule' : `by rule ${rule}`;
  return `${outcome} ${reason} ${by}, HTTP ${httpStatus}`;
}

const plainKeys = ['outcome', 'reason', 'rule', 'status', 'caller'] as const;

function plainDifferences(expected: Expectation, report: CheckReport): readonly string[] {
  const { outcome, reason, rule, httpStatus: status, caller } = report;
  const actual = { outcome, reason, rule, status, caller };
  return plainKeys
    .filter((key) => expected[key] !== undefined && expected[key] !== actual[key])
    .map((key) =>
      key === 'caller'
        ? `caller ${expected[key]} and not ${caller ?? 'nobody'}`
        : `${key} ${expected[key]}`,
    );
}

function limitDifferences({ limits }: Expectation, actual: readonly string[]): readonly string[] {
  if (limits === undefined) return [];
  const [wanted, had] = [limits, actual].map(listed);
  return wanted === had ? [] : [`limits ${wanted} and not ${had}`];
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.toSorted().join('+');
}

function headerDifferences(
  { headers = new Map() }: Expectation,
  actual: ReadonlyMap<string, string>,
): readonly string[] {
  return [...headers].flatMap(([name, wanted]) => {
    const value = actual.get(name.toLowerCase());
    const isWanted = wanted === '*' ? value !== undefined : value === wanted;
    return isWanted ? [] : [`header ${name}: ${wanted} and not ${value ?? 'none'}`];
  });
}
