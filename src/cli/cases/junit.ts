import { hostname } from 'node:os';

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

/** XML 1.0 §2.2 has no place for control characters, not even as references. */
function escaped(text: string): string {
  return text
    .replaceAll(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')
    .replaceAll(/[&<>"'\t\n\r]/g, (character) => `&#${character.codePointAt(0)};`);
}
