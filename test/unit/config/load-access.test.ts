import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadAccess } from '../../../src/config/access/load-access.ts';
import { loadConfig } from '../../../src/config/load-config.ts';
import { formatProblem } from '../../../src/config/problem.ts';
import { writtenFile } from './written-file.ts';

function problemsIn(yaml: string): readonly string[] {
  const path = writtenFile(yaml, 'access.yaml');
  const loaded = loadAccess(path);
  const problems = 'problems' in loaded ? loaded.problems : [];
  return problems.map((problem) => formatProblem(problem).slice(path.length + 1));
}

/** The problems of one rule of `allow`, without their place. */
function problemsOfRule(rule: string, where = 'allow'): readonly string[] {
  const yaml = `version: 1\nservices:\n  - { name: s, hosts: [h], ${where}: [{ name: r, ${rule} }] }\n`;
  return problemsIn(yaml).map((problem) => problem.replace(/^3: services\[0\]\.\w+\[0\]\.?/, ''));
}

test('every problem is found in one go, with its line and the nearest name', () => {
  const yaml = `version: 2
services:
  - name: orders
    hosts: ["orders:8080", "*.shop"]
    alow: []
    allow:
      - name: a
        from: [prod/ns/shop/sa/web]
        method: [GET]
      - { name: a, from: ["*"] }
  - { name: orders }
`;
  assert.deepEqual(problemsIn(yaml), [
    '1: version: must be 1 in this version, not 2',
    '4: services[0].hosts[0]: must be a host without a port, such as orders.shop.svc.cluster.local, not "orders:8080"',
    '4: services[0].hosts[1]: must be a host without a port, such as orders.shop.svc.cluster.local, not "*.shop"',
    '5: services[0].alow: is not a key; did you mean allow?',
    '8: services[0].allow[0].from[0]: must be the SPIFFE ID of a workload (spiffe://prod/ns/shop/sa/web), one that ends in /*, the subject of a token, or * for whoever is known, not "prod/ns/shop/sa/web"',
    '9: services[0].allow[0].method: is not a key; did you mean methods?',
    '10: services[0].allow[1].name: a is here twice; rename one',
    '11: services[1].name: orders is here twice; rename one',
    '11: services[1].name: is known by nothing; give it hosts, principals or contextExtensions',
  ]);
});

const badRules: readonly (readonly [rule: string, says: RegExp])[] = [
  ['methods: [GET]', /^from: is missing/],
  ['from: []', /^from: is empty/],
  ['from: ["spiffe://prod/ns/*/sa/web"]', /^from\[0\]: must be/],
  ['from: ["SPIFFE://prod/ns/shop/sa/web"]', /^from\[0\]: must be/],
  ['from: ["spiffe://prod"]', /^from\[0\]: must be/],
  ['from: ["*"], methods: [get]', /^methods\[0\]: must be/],
  ['from: ["*"], paths: ["/a/**/b"]', /^paths\[0\]: path pattern .* only at the end/],
  ['from: ["*"], paths: [/a], grpc: [a.B/C]', /^name: has more than one of paths, grpc and tcp/],
  ['from: ["*"], grpc: [a.B/C], methods: [POST]', /^methods: is POST for gRPC always/],
  ['from: ["*"], grpc: [/a.B/C]', /^grpc\[0\]: must be package\.Service\/Method/],
  ['from: ["*"], tcp: { ports: [80] }, headers: { a: b }', /^tcp: has nothing of HTTP/],
  ['from: ["*"], tcp: { ports: [80] }, unless: { paths: [/a] }', /^tcp: has nothing of HTTP/],
  ['from: ["*"], tcp: { ports: [0] }', /^tcp\.ports\[0\]: must be an integer from 1/],
  [
    'from: ["*"], headers: { ":path": a }',
    /^headers\.:path: is not a name; write that of a header, such as x-tenant/,
  ],
  ['from: ["*"], headers: { a: "b,c" }', /^headers\.a: must not have a comma/],
  ['from: ["*"], headers: { a: [b, "*"] }', /^headers\.a\[1\]: .* stands alone/],
  ['from: ["*"], headers: { a: b, A: c }', /^headers: has a header twice/],
  ['from: ["*"], headers: { Host: b, ":authority": c }', /^headers: has a header twice/],
  ['from: ["*"], when: { sourceIps: [10.0.0.0/33] }', /^when\.sourceIps\[0\]: must be an address/],
  ...['::ffff:10.0.0.0/104', '0:0:0:0:0:FFFF:a00:1'].map(
    (block) =>
      [
        `from: ["*"], when: { sourceIps: ["${block}"] }`,
        /^when\.sourceIps\[0\]: is IPv4 written as IPv6/,
      ] as const,
  ),
  ['from: ["*"], when: { notAfter: 2027-02-30T00:00:00Z }', /^when\.notAfter: must be a time/],
  ['from: ["*"], when: { notAfter: 2027-01-01 }', /^when\.notAfter: must be a time/],
  [
    'from: ["*"], when: { notBefore: 2027-01-02T00:00:00Z, notAfter: 2027-01-01T00:00:00Z }',
    /^when: ends before it begins/,
  ],
  ['from: ["*"], when: { times: [{ from: "08:00", to: "08:00" }] }', /to: is when it begins/],
  ['from: ["*"], when: { times: [{ from: "08:00", to: "24:01" }] }', /to: must be a time of day/],
];

for (const [rule, says] of badRules) {
  test(`a rule with ${rule} is refused`, () => {
    const problems = problemsOfRule(rule);
    assert.equal(problems.length, 1, problems.join('\n'));
    assert.match(problems[0] ?? '', says);
  });
}

test('limits are for what is allowed, and a deny rule may be for everybody', () => {
  assert.deepEqual(problemsOfRule('methods: [GET]', 'deny'), []);
  assert.match(problemsOfRule('limits: [a]', 'deny').join(), /^limits: is not a key/);
});

function twoServices(second: string): string {
  return `version: 1\nservices:\n  - { name: a, hosts: [x, Y.] }\n  - { name: b, ${second} }\n`;
}

test('two services that one request would be for, with nothing between them, are refused', () => {
  assert.match(
    problemsIn(twoServices('hosts: [y]')).join(),
    /a and b \(line 4\) are known by the same: y;/,
  );
  assert.deepEqual(
    problemsIn(twoServices('hosts: [y], principals: [spiffe://prod/ns/a/sa/b]')),
    [],
  );
  assert.deepEqual(problemsIn(twoServices('hosts: [z]')), []);
});

test('two services are refused that only hosts tell apart, if both are for TCP connections', () => {
  const known = 'principals: [spiffe://prod/ns/a/sa/b]';
  const rules = '[{ name: r, from: ["*"], tcp: { ports: [1] } }]';
  const yaml = ['x', 'y'].map(
    (host, at) => `  - { name: s${at}, hosts: [${host}], ${known}, allow: ${rules} }`,
  );
  assert.match(
    problemsIn(['version: 1', 'services:', ...yaml, ''].join('\n')).join(),
    /s0 and s1 \(line 4\) are known by the same: spiffe:\/\/prod\/ns\/a\/sa\/b without a host;/,
  );
});

test('for TCP connections, a service without hosts is as one that has them and rules with tcp', () => {
  const known = 'principals: [spiffe://prod/ns/a/sa/b]';
  const problemsWith = (rule: string) =>
    problemsIn(`version: 1
services:
  - { name: a, hosts: [x], ${known}, allow: [{ name: r, from: ["*"], ${rule} }] }
  - { name: b, ${known} }
`);
  assert.match(
    problemsWith('tcp: { ports: [1] }').join(),
    /a and b \(line 4\) are known by the same: spiffe:\/\/prod\/ns\/a\/sa\/b without a host;/,
  );
  assert.deepEqual(problemsWith('paths: [/]'), []);
  const bare = `version: 1\nservices: [{ name: a, ${known} }, { name: b, ${known} }]\n`;
  assert.equal(problemsIn(bare).length, 1);
});

test('a configuration needs a bundle or an access document', () => {
  const neither = loadConfig(writtenFile('identity: { require: none }\n'), {});
  assert.ok('problems' in neither);
  assert.match(
    neither.problems.map(formatProblem).join(),
    /policy\.bundle: is missing; name a bundle here, or an access document/,
  );
  const loaded = loadConfig(writtenFile('identity: { require: none }\naccess: access.yaml\n'), {});
  assert.ok('config' in loaded);
  assert.match(loaded.config.access ?? '', /\/access\.yaml$/);
});
