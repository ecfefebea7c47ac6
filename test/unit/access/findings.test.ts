import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { findingsIn, type Surroundings } from '../../../src/access/analysis/findings.ts';
import { patternCovers } from '../../../src/access/analysis/rule-covers.ts';
import { compilePathPattern } from '../../../src/domain/path-pattern.ts';
import { matchesPath } from '../../../src/domain/matches-path.ts';
import { documentOf } from './access-fixture.ts';

const nowMs = Date.parse('2026-06-01T00:00:00Z');

function findings(allow: string, deny = '[]', around: Partial<Surroundings> = {}): string[] {
  const yaml = `version: 1\nservices:\n  - name: s\n    hosts: [h]\n    deny: ${deny}\n    allow: ${allow}\n`;
  return findingsIn(documentOf(yaml), { nowMs, ...around }).map(
    ({ line, path, severity, message }) => `${line} ${path} ${severity}: ${message}`,
  );
}

const web = 'spiffe://prod/ns/shop/sa/web';

test('a document in which every rule answers has nothing to be said of', () => {
  const rules = `[
      { name: a, from: [${web}], methods: [GET], paths: [/a] },
      { name: b, from: [${web}], methods: [POST], paths: [/a], limits: [x] },
      { name: c, from: ["spiffe://prod/ns/shop/*"], paths: ["/a/{id}"] },
      { name: d, from: [${web}], grpc: [a.B/C] }]`;
  const around = { limits: new Set(['x']), trustDomains: new Set(['prod']) };
  assert.deepEqual(findings(rules, '[{ name: z, paths: [/z] }]', around), []);
});

const odd: readonly (readonly [allow: string, says: RegExp])[] = [
  [
    `[{ name: a, from: [${web}], paths: [/a] }, { name: b, from: [${web}], paths: [/a] }]`,
    /^6 services\.s\.allow\.b problem: never answers: it matches the same as a \(line 6\)$/,
  ],
  [
    `[{ name: a, from: ["spiffe://prod/ns/*"], paths: ["/a/**"] }, { name: b, from: [${web}], methods: [GET], paths: ["/a/{x}"] }]`,
    /allow\.b problem: never answers: a \(line 6\), before it, allows all of it/,
  ],
  [
    `[{ name: a, from: [${web}], methods: [GET], paths: ["/a/**"] }, { name: b, from: [${web}], methods: [HEAD], paths: [/a] }]`,
    /allow\.b problem: never answers: a/,
  ],
  [`[{ name: a, from: [${web}] }]`, /allow\.a warning: allows every path; name those/],
  [`[{ name: a, from: [${web}], paths: ["/**"] }]`, /allow\.a warning: allows every path/],
  [
    `[{ name: a, from: ["*"], paths: [/a] }]`,
    /allow\.a warning: is for \*; name those who need it/,
  ],
  [`[{ name: a, from: ["spiffe://prod/*"], paths: [/a] }]`, /warning: is for spiffe:\/\/prod\/\*/],
  [
    `[{ name: a, from: [${web}], tcp: { ports: [1] } }]`,
    /allow\.a problem: is for connections that are not HTTP, which name no host; give the service/,
  ],
  ['[]', /^3 services\.s warning: has no rule that allows anything, so nobody can call it$/],
  [`[{ name: a, from: [${web}], paths: [/a], limits: [y] }]`, /problem: names the limit y, which/],
  [
    `[{ name: a, from: ["spiffe://dev/ns/a/sa/b"], paths: [/a] }]`,
    /problem: names spiffe:\/\/dev\/ns\/a\/sa\/b, whose trust domain is not in/,
  ],
  [
    `[{ name: a, from: [${web}], paths: [/a], when: { notAfter: 2026-05-31T00:00:00Z } }]`,
    /problem: ended at 2026-05-31T00:00:00\.000Z, and never matches/,
  ],
];

for (const [allow, says] of odd) {
  test(`of ${allow} is said ${says.source}`, () => {
    const around = { limits: new Set(['x']), trustDomains: new Set(['prod']) };
    const said = findings(allow, '[]', around);
    assert.ok(
      said.some((one) => says.test(one)),
      said.join('\n'),
    );
  });
}

test('a rule that a deny rule leaves nothing of is said to allow nothing', () => {
  const [said] = findings(
    `[{ name: a, from: [${web}], paths: [/a/b] }]`,
    `[{ name: d, paths: ["/a/**"] }]`,
  );
  assert.match(said ?? '', /never allows anything: d denies all of it/);
});

test('a rule that asks for less, or for something else, shadows nothing', () => {
  for (const condition of [
    'scopes: [x]',
    'headers: { a: b }',
    'when: { ports: [1] }',
    'unless: { methods: [PUT] }',
  ]) {
    const rules = `[{ name: a, from: [${web}], paths: [/a], ${condition} }, { name: b, from: [${web}], paths: [/a] }]`;
    assert.deepEqual(findings(rules), []);
  }
});

test('a rule for what has no path is not shadowed by one for every path', () => {
  for (const method of ['CONNECT', 'OPTIONS']) {
    const rules = `[{ name: a, from: [${web}] }, { name: b, from: [${web}], methods: [${method}] }]`;
    assert.ok(!findings(rules).some((said) => said.includes('never answers')), method);
  }
});

const segment = fc.constantFrom('a', 'b', '{x}');
const pattern = fc
  .tuple(fc.array(segment, { maxLength: 3 }), fc.boolean())
  .map(([steps, open]) => `/${[...steps, ...(open ? ['**'] : [])].join('/')}`);
const segments = fc.array(fc.constantFrom('a', 'b', 'c', ''), { maxLength: 4 });

test('a pattern that covers another matches whatever that matches', () => {
  fc.assert(
    fc.property(pattern, pattern, segments, (wideText, narrowText, asked) => {
      const [wide, narrow] = [compilePathPattern(wideText), compilePathPattern(narrowText)];
      if (!patternCovers(wide, narrow) || !matchesPath(narrow, asked)) return;
      assert.ok(matchesPath(wide, asked), `${wideText} covers ${narrowText}`);
    }),
    { numRuns: 3000 },
  );
});
