import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { createOfflineChecker } from '../../../src/app/gate/offline-checker.ts';
import { junitXml } from '../../../src/cli/cases/junit.ts';
import { run } from '../../../src/cli/run.ts';
import { writtenDirectory, writtenFile } from '../config/written-file.ts';
import { FakeWorld } from './fake-context.ts';

/** Decides as the real command does. */
async function runCases(...args: string[]): Promise<{ status: number; world: FakeWorld }> {
  const world = new FakeWorld();
  const status = await run(['test', ...args], { ...world.context, createOfflineChecker });
  return { status, world };
}

test('the cases of the example pass, and exercise every rule', async () => {
  const { status, world } = await runCases('examples/shop/cases.yaml');
  assert.equal(status, 0, world.stdout + world.stderr);
  assert.match(world.stdout, /^ok {4}the web front reads an order$/m);
  assert.doesNotMatch(world.stdout, /exercises/);
  assert.match(world.stdout, /^17 cases, 0 failed$/m);
});

const config = join(import.meta.dirname, '../../../examples/shop/sallyport.yaml');
const failing = `version: 1
config: ${config}
cases:
  - name: wrong <&> hope
    request: { path: /orders, principal: spiffe://shop.example/ns/shop/sa/web, host: x }
    expect: { outcome: allow, rule: web-reads }
`;

test('a failing case says where it is and what was decided, also to JUnit', async () => {
  const file = writtenFile(failing, 'cases.yaml');
  const junit = join(writtenDirectory, 'junit.xml');
  const { status, world } = await runCases(file, '--junit', junit);
  assert.equal(status, 1);
  const said = 'expected outcome allow, rule web-reads; got deny no_rule by no rule, HTTP 403';
  assert.ok(world.stdout.includes(`cases.yaml:4: ${said}`), world.stdout);
  const nowhere = await runCases(file, '--junit', join(writtenDirectory, 'none', 'junit.xml'));
  assert.equal(nowhere.status, 2);
  assert.match(nowhere.world.stderr, /--junit: the results cannot be written: ENOENT/);
  const xml = readFileSync(junit, 'utf8');
  const start =
    /<testsuite id="0" package="sallyport" name="[^"]*cases\.yaml" tests="1" failures="1" errors="0" skipped="0" time="\d+\.\d{3}" timestamp="\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d" hostname="[^"]+">/;
  assert.match(xml, start);
  // The order that JUnit.xsd of Ant asks for.
  assert.match(
    xml,
    /<properties\/>\n.*<testcase [^]*<system-out\/>\n *<system-err\/>\n *<\/testsuite>/,
  );
  assert.match(xml, /name="wrong &#60;&#38;&#62; hope"/);
  assert.ok(xml.includes(`<failure type="decision" message="${said}">${said}</failure>`), xml);
});

test('many rules without a case are listed by service', async () => {
  const { world } = await runCases(writtenFile(failing, 'cases.yaml'));
  assert.match(
    world.stdout,
    /^8 rules that no case exercises:\n {2}orders\/no-internals, .*\n {2}stock\/reserve\n {2}billing\/orders-bills, billing\/partners-read$/m,
  );
});

test('as JSON a program reads each case, and the rules without one', async () => {
  const { status, world } = await runCases(writtenFile(failing, 'cases.yaml'), '--json');
  assert.equal(status, 1);
  const said = JSON.parse(world.stdout) as {
    passed: boolean;
    cases: object[];
    unusedRules: { document: string; rule: string }[];
  };
  assert.equal(said.passed, false);
  assert.equal(said.cases.length, 1);
  const document = join(dirname(config), 'access.yaml');
  assert.deepEqual(said.unusedRules[0], { document, rule: 'orders/no-internals' });
});

test('files that hold no cases cannot be asked about', async () => {
  const bad: readonly (readonly [yaml: string, says: RegExp])[] = [
    ['version: 1\ncases: []\n', /cases: is empty/],
    ['version: 1\ncases: [{ name: a, request: {}, expect: {} }]\n', /nothing is expected/],
    [
      'version: 1\ncases: [{ name: a, request: {}, expect: { outcome: deny } }]\n',
      /names no config/,
    ],
  ];
  for (const [yaml, says] of bad) {
    const { status, world } = await runCases(writtenFile(yaml, 'cases.yaml'));
    assert.equal(status, 2);
    assert.match(world.stderr, says);
  }
});

test('XML has no control characters and no markup of strangers', () => {
  const hostile = { suite: '"', name: 'a\u0000<b>\u001b', seconds: 0, failure: '\n' };
  const xml = junitXml([hostile], new Date(0));
  assert.match(xml, /classname="&#34;" name="a\ufffd&#60;b&#62;\ufffd" time="0\.000"/);
  assert.match(xml, /<failure type="decision" message="&#10;">&#10;<\/failure>/);
});

const caller = 'spiffe://prod/ns/shop/sa/web';

/** A configuration with one service, `s`, known by the host `h`, and these rules. */
function writtenConfig(name: string, rules: string): string {
  writtenFile(
    `version: 1\nservices: [{ name: s, hosts: [h], allow: [${rules}] }]\n`,
    `${name}-access.yaml`,
  );
  writtenFile('version: 1\nlimits: [{ name: few, by: [caller], rate: 100/1m }]\n', 'few.yaml');
  const issuers = ['service', 'user'].map(
    (kind) =>
      `{ issuer: https://${kind}.example, kind: ${kind}, header: x-${kind}, jwks: { url: "https://127.0.0.1:1/" }, audiences: [shop], algorithms: [${kind === 'user' ? 'EdDSA' : 'ES256'}] }`,
  );
  return writtenFile(
    `identity: { trustDomains: [prod], jwt: [${issuers.join(', ')}] }\naccess: ${name}-access.yaml\nlimits: few.yaml\n`,
    `${name}.yaml`,
  );
}

function writtenCases(configFile: string, cases: readonly string[], name = 'given.yaml'): string {
  const lines = cases.map((each, at) => `  - { name: case ${at}, ${each} }`);
  return writtenFile(`version: 1\nconfig: ${configFile}\ncases:\n${lines.join('\n')}\n`, name);
}

function asking(more: string, expected: string): string {
  return `request: { principal: "${caller}", host: h, ${more} }, expect: { ${expected} }`;
}

function ruleWhen(name: string, when: string): string {
  return `{ name: ${name}, from: ["${caller}"], paths: [/${name}], when: { ${when} } }`;
}

function tokenWith(more: string): string {
  return `token: { issuer: https://service.example, scopes: [b, a], claims: { amr: [mfa] }${more} }`;
}

test('a case says at which time it is, for rules and for tokens', async () => {
  const file = writtenConfig(
    'times',
    [
      ruleWhen('until', 'notAfter: 2026-06-01T00:00:00Z'),
      ruleWhen(
        'office',
        'times: [{ days: [mon], from: "08:00", to: "18:00", timeZone: Europe/Berlin }]',
      ),
    ].join(', '),
  );
  const token =
    'token: { issuer: https://service.example, claims: { iat: 1780000000, exp: 1780000100 } }';
  const { status, world } = await runCases(
    writtenCases(file, [
      asking('path: /until, at: 2026-05-31T23:59:59Z', 'rule: until'),
      asking('path: /until, at: 2026-06-01T00:00:01Z', 'reason: no_rule'),
      asking('path: /office, at: 2026-11-23T16:59:00Z', 'rule: office'),
      asking('path: /office, at: 2026-11-23T17:00:00Z', 'outcome: deny'),
      asking(`path: /until, at: 2026-05-28T20:27:00Z, ${token}`, 'rule: until'),
      asking(`path: /until, at: 2026-05-28T21:27:00Z, ${token}`, 'reason: token_expired'),
    ]),
  );
  assert.equal(status, 0, world.stdout + world.stderr);
});

test('a case gives what a token says, and everything but its signature is judged', async () => {
  const file = writtenConfig(
    'tokens',
    `{ name: r, from: ["${caller}"], scopes: [a, b], when: { claims: { amr: mfa } }, limits: [few] }`,
  );
  const { status, world } = await runCases(
    writtenCases(file, [
      asking(
        `${tokenWith('')}, user: { issuer: https://user.example, subject: ann }`,
        `rule: r, limits: [few], caller: "${caller}", headers: { x-sallyport-caller: "${caller}", X-Sallyport-Decision-Id: "*" }`,
      ),
      asking(tokenWith(', subject: other'), 'rule: r'),
      asking(tokenWith('').replace('[b, a]', '[a]'), 'reason: no_rule, limits: []'),
      asking(
        tokenWith('').replace('[mfa]', '[pwd]'),
        'reason: no_rule, headers: { x-sallyport-reason: no_rule }',
      ),
      asking(tokenWith('').replace('amr: [mfa]', 'aud: x'), 'reason: token_invalid'),
      asking(tokenWith('').replace('amr: [mfa]', 'exp: 1'), 'reason: token_expired'),
      asking('path: /', 'reason: no_rule'),
    ]),
  );
  assert.equal(status, 0, world.stdout + world.stderr);
});

test('what is otherwise than expected is said with what there was', async () => {
  const file = writtenConfig('otherwise', `{ name: r, from: ["${caller}"], limits: [few] }`);
  const { status, world } = await runCases(
    writtenCases(file, [asking('path: /', 'limits: [many], headers: { x-user: ann }, caller: me')]),
  );
  assert.equal(status, 1);
  assert.match(
    world.stdout,
    /expected caller me and not spiffe:\S+, limits many and not few, header x-user: ann and not none; got allow/,
  );
});

test('a token that the configuration cannot know is refused, with the case', async () => {
  const file = writtenConfig('unknown', `{ name: r, from: ["${caller}"] }`);
  const bad: readonly (readonly [token: string, says: RegExp])[] = [
    [
      'token: { issuer: https://servise.example }',
      /given\.yaml:4: case 0: token\.issuer: identity\.jwt has no https:\/\/servise\.example; did you mean https:\/\/service/,
    ],
    [
      'token: { issuer: https://user.example }',
      /tokens of https:\/\/user\.example are of kind user; write user$/m,
    ],
    [
      'protocol: tcp, user: { issuer: https://user.example }',
      /user: comes in a header, which a TCP connection has not/,
    ],
  ];
  for (const [token, says] of bad) {
    const { status, world } = await runCases(writtenCases(file, [asking(token, 'outcome: deny')]));
    assert.equal(status, 2);
    assert.match(world.stderr, says);
  }
  const nobody =
    'request: { token: { issuer: https://service.example } }, expect: { outcome: deny }';
  const { world } = await runCases(writtenCases(file, [nobody]));
  assert.match(world.stderr, /token: names nobody; give it a subject/);
});

test('a case gives grants, which count for it alone', async () => {
  const file = writtenConfig('granted', `{ name: r, from: ["${caller}"], paths: [/r] }`);
  const granted = (grant: string, more: string, expected: string) =>
    `grants: [{ to: s, ${grant} }], ${asking(more, expected)}`;
  const { status, world } = await runCases(
    writtenCases(file, [
      granted('methods: [GET], paths: ["/a/{id}"]', 'path: /a/7', 'rule: grant/1'),
      asking('path: /a/7', 'reason: no_rule'),
      granted('methods: [GET], paths: ["/a/{id}"]', 'path: /a', 'reason: no_rule'),
      granted('methods: [POST]', 'path: /a', 'reason: no_rule'),
      granted(`methods: [GET], from: "${caller}2"`, 'path: /a', 'reason: no_rule'),
      granted('methods: [GET]', 'path: /r', 'rule: r'),
      granted('methods: [GET]', 'path: /a, repeat: 2', 'rule: grant/1'),
    ]),
  );
  assert.equal(status, 0, world.stdout + world.stderr);
});

test('a grant that nobody could give is refused, with the case', async () => {
  const file = writtenConfig('grantable', `{ name: r, from: ["${caller}"], paths: [/r] }`);
  const bad: readonly (readonly [grant: string, says: RegExp])[] = [
    ['to: x, methods: [GET]', /case 0: grants\[0\]: to: the access document has no service "x"/],
    ['to: s, methods: [get]', /cases\[0\]\.grants\[0\]\.methods\[0\]: must be .* in capitals/],
    ['to: s, methods: [GET], for: 1h', /grants\[0\]\.for: is not a key/],
  ];
  for (const [grant, says] of bad) {
    const asked = `grants: [{ ${grant} }], ${asking('path: /', 'outcome: deny')}`;
    const { status, world } = await runCases(writtenCases(file, [asked]));
    assert.equal(status, 2);
    assert.match(world.stderr, says);
  }
  const nobody = 'grants: [{ to: s, methods: [GET] }], request: {}, expect: { outcome: deny }';
  const { world } = await runCases(writtenCases(file, [nobody]));
  assert.match(world.stderr, /grants: are for nobody; give each a from/);
});

test('a rule that a case exercises in one document is still unused in another', async () => {
  const [one, other] = ['one', 'other'].map((name) =>
    writtenConfig(
      name,
      `{ name: r, from: ["${caller}"], paths: [/r] }, { name: ${name}, from: [x], paths: [/] }`,
    ),
  );
  const files = [
    writtenCases(one ?? '', [asking('path: /r', 'rule: r')], 'one-cases.yaml'),
    writtenCases(other ?? '', [asking('path: /', 'outcome: deny')], 'other-cases.yaml'),
  ];
  const { world } = await runCases(...files);
  assert.match(world.stdout, /^rules that no case exercises \(\S+one-access\.yaml\): s\/one$/m);
  assert.match(
    world.stdout,
    /^rules that no case exercises \(\S+other-access\.yaml\): s\/r, s\/other$/m,
  );
});
