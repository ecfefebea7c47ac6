import { hostname } from 'node:os';
import { xmlReference, xmlText } from '../../domain/xml-text.ts';

/** One case of a run, for programs that read JUnit's XML. */
export interface JunitCase {
  readonly suite: string;
  readonly name: string;
  readonly seconds: number;
  /** Absent: it is as expected. */
  readonly failure?: string;
}

/** With all that the schemas of Jenkins and of Ant ask for, some of which nobody needs. */
export function junitXml(cases: readonly JunitCase[], startedAt: Date): string {
  // Ant's schema has no place for a zone.
  const run = `timestamp="${startedAt.toISOString().slice(0, 19)}" hostname="${escaped(hostname())}"`;
  const suites = [...Map.groupBy(cases, ({ suite }) => suite)].map(([suite, of], id) => {
    const lines = of.map(caseXml).join('\n');
    return `  <testsuite id="${id}" package="sallyport" name="${escaped(suite)}" ${counts(of)} ${run}>
    <properties/>
${lines}
    <system-out/>
    <system-err/>
  </testsuite>`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n${suites.join('\n')}\n</testsuites>\n`;
}

function counts(cases: readonly JunitCase[]): string {
  const failures = cases.filter(({ failure }) => failure !== undefined).length;
  const time = secondsText(cases.reduce((sum, { seconds }) => sum + seconds, 0));
  return `tests="${cases.length}" failures="${failures}" errors="0" skipped="0" time="${time}"`;
}

function caseXml({ suite, name, seconds, failure }: JunitCase): string {
  const attributes = `classname="${escaped(suite)}" name="${escaped(name)}" time="${secondsText(seconds)}"`;
  return failure === undefined
    ? `    <testcase ${attributes}/>`
    : `    <testcase ${attributes}><failure type="decision" message="${escaped(failure)}">${escaped(failure)}</failure></testcase>`;
}

function secondsText(seconds: number): string {
  return seconds.toFixed(3);
}

/** A parser makes spaces of the line breaks in an attribute, if they are no references (XML 1.0 §3.3.3). */
function escaped(text: string): string {
  return xmlText(text).replaceAll(/[\t\n\r]/g, xmlReference);
}
