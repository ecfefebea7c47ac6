/** One case of a run, for programs that read JUnit's XML. */
export interface JunitCase {
  readonly suite: string;
  readonly name: string;
  readonly seconds: number;
  /** Absent: it is as expected. */
  readonly failure?: string;
}

/** The form that CI systems read: testsuites, testsuite, testcase, failure. */
export function junitXml(cases: readonly JunitCase[]): string {
  const suites = [...Map.groupBy(cases, ({ suite }) => suite)].map(([suite, of]) => {
    const failures = of.filter(({ failure }) => failure !== undefined).length;
    const lines = of.map(caseXml).join('\n');
    return `  <testsuite name="${escaped(suite)}" tests="${of.length}" failures="${failures}">\n${lines}\n  </testsuite>`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n${suites.join('\n')}\n</testsuites>\n`;
}

function caseXml({ suite, name, seconds, failure }: JunitCase): string {
  const attributes = `classname="${escaped(suite)}" name="${escaped(name)}" time="${seconds.toFixed(3)}"`;
  return failure === undefined
    ? `    <testcase ${attributes}/>`
    : `    <testcase ${attributes}><failure message="${escaped(failure)}"/></testcase>`;
}

/** XML 1.0 §2.2 has no place for control characters, not even as references. */
function escaped(text: string): string {
  return text
    .replaceAll(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')
    .replaceAll(/[&<>"'\t\n\r]/g, (character) => `&#${character.codePointAt(0)};`);
}
