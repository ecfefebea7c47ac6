import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { findingsIn, type AnalysisContext } from '../../../src/access/analysis/findings.ts';
import { patternCovers } from '../../../src/access/analysis/path-patterns.ts';
import { compilePathPattern } from '../../../src/domain/request/path-pattern.ts';
import { matchesPath } from '../../../src/domain/request/matches-path.ts';
import { documentOf } from './access-fixture.ts';

const nowMs = Date.parse('2026-06-01T00:00:00Z');

function findings(allow: string, deny = '[]', around: Partial<AnalysisContext> = {}): string[] {
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
  ...[
    `from: [${web}], paths: [/a], unless: { from: ["spiffe://prod/*"] }`,
    `from: [${web}], paths: [/a], methods: [GET], unless: { methods: [GET] }`,
    `from: [${web}], paths: [/a/b, "/a/{x}"], unless: { paths: ["/a/**"] }`,
    `from: [${web}], paths: [/a], headers: { h: x }, unless: { headers: { h: "*" } }`,
    `from: [${web}], tcp: { ports: [1] }, unless: { ports: [2, 1] }`,
    `from: [${web}], paths: [/a], when: { claims: { c: x } }, unless: { claims: { c: [x, y] } }`,
  ].map(
    (parts) =>
      [
        `[{ name: a, ${parts} }]`,
        /allow\.a problem: never answers: its own unless leaves/,
      ] as const,
  ),
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

/** What two rules ask beside the same caller, and whether the first leaves nothing of the second. */
const meanings: readonly (readonly [first: string, second: string, shadows: boolean])[] = [
  ['when: { sourceIps: [10.0.0.0/8] }', 'when: { sourceIps: [10.1.0.0/16, 10.2.3.4] }', true],
  ['when: { sourceIps: [10.1.0.0/16] }', 'when: { sourceIps: [10.0.0.0/8] }', false],
  ['when: { sourceIps: ["2001:db8::/32"] }', 'when: { sourceIps: ["2001:db8:1::9"] }', true],
  ['when: { sourceIps: ["::/0"] }', 'when: { sourceIps: [10.0.0.0/8] }', false],
  ['methods: [GET]', 'methods: [HEAD]', true],
  ['methods: [HEAD]', 'methods: [GET]', false],
  ['paths: ["/a/{x}", "/b/**"]', 'paths: [/a/b, /b, "/b/{x}/c"]', true],
  ['paths: ["/a/{x}"]', 'paths: [/a/]', false],
  ['grpc: [p.S/*]', 'grpc: [p.S/M]', true],
  ['grpc: [p.S/*]', 'methods: [POST], paths: [/p.S/M]', false],
  ['headers: { h: "*" }', 'headers: { h: [a, b], k: c }', true],
  ['headers: { h: [a, b] }', 'headers: { h: b }', true],
  ['headers: { h: [a] }', 'headers: { h: [a, b] }', false],
  ['headers: { h: "*" }', 'headers: { h: [""] }', false],
  ['scopes: [r]', 'scopes: [w, r]', true],
  ['scopes: [r, w]', 'scopes: [r]', false],
  ['when: { claims: { amr: [mfa, hwk] } }', 'when: { claims: { amr: mfa, sub: x } }', true],
  ['when: { claims: { n: 1 } }', 'when: { claims: { n: "1" } }', false],
  ['when: { ports: [1, 2] }', 'when: { ports: [2] }', true],
  ['when: { hosts: [a, b] }', 'when: { hosts: [B] }', true],
  ['when: { notAfter: 2030-01-01T00:00:00Z }', 'when: { notAfter: 2029-01-01T00:00:00Z }', true],
  ['when: { notBefore: 2026-01-01T00:00:00Z }', 'when: { notBefore: 2027-01-01T00:00:00Z }', true],
  ['when: { notAfter: 2030-01-01T00:00:00Z }', 'methods: [GET]', false],
  [
    'when: { times: [{ days: [mon, tue], from: "22:00", to: "06:00" }] }',
    'when: { times: [{ days: [tue], from: "00:00", to: "05:00" }, { days: [mon], from: "23:00", to: "24:00" }] }',
    true,
  ],
  [
    'when: { times: [{ days: [mon], from: "22:00", to: "06:00" }] }',
    'when: { times: [{ days: [mon], from: "05:00", to: "06:00" }] }',
    false,
  ],
  [
    'when: { times: [{ from: "00:00", to: "24:00" }] }',
    'when: { times: [{ from: "01:00", to: "02:00", timeZone: Europe/Berlin }] }',
    false,
  ],
  ['unless: { methods: [PUT] }', 'methods: [GET]', true],
  ['unless: { paths: ["/admin/**"] }', 'paths: [/orders]', true],
  ['unless: { paths: [/orders/] }', 'paths: [/orders]', false],
  ['unless: { paths: [/a/b] }', 'unless: { paths: ["/a/**"], methods: [PUT] }', true],
  ['unless: { sourceIps: [10.0.0.0/8] }', 'when: { sourceIps: [192.0.2.0/24] }', true],
  ['unless: { sourceIps: [10.0.0.0/8] }', 'methods: [GET]', false],
  ['unless: { from: ["spiffe://prod/ns/batch/*"] }', 'methods: [GET]', true],
  ['unless: { from: ["spiffe://prod/ns/*"] }', 'methods: [GET]', false],
  ['unless: { headers: { h: [x] } }', 'headers: { h: [a] }', true],
  ['unless: { claims: { c: x } }', 'when: { claims: { c: a } }', false],
];

for (const [first, second, shadows] of meanings) {
  test(`a rule with ${first} leaves ${shadows ? 'nothing' : 'something'} of one with ${second}`, () => {
    const rules = `[{ name: a, from: [${web}], ${first} }, { name: b, from: [${web}], ${second} }]`;
    const said = findings(rules).filter((one) => one.includes('allow.b problem: never answers'));
    assert.equal(said.length, shadows ? 1 : 0, said.join('\n'));
  });
}

test('what a deny rule denies in doubt it leaves nothing of', () => {
  for (const [allow, deny] of [
    ['paths: [/a/]', 'paths: [/a]'],
    ['methods: [CONNECT]', 'when: { sourceIps: [10.0.0.0/8] }, methods: [CONNECT]'],
    ['tcp: { ports: [1] }', 'from: ["spiffe://prod/*"]'],
    ['methods: [POST], paths: [/p.S/M]', 'grpc: [p.S/M]'],
  ]) {
    const said = findings(`[{ name: a, from: [${web}], ${allow} }]`, `[{ name: d, ${deny} }]`);
    const isDenied = said.some((one) => one.includes('d denies all of it'));
    // An address outside of the block is allowed.
    assert.equal(isDenied, !deny?.includes('when'), said.join('\n'));
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
