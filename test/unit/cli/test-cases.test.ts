import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createOfflineChecker } from '../../../src/app/offline-checker.ts';
import { junitXml } from '../../../src/cli/junit.ts';
import { run } from '../../../src/cli/run.ts';
import { writtenDirectory, writtenFile } from '../config/written-file.ts';
import { FakeWorld } from './fake-context.ts';

/** Decides as the real command does. */
async function runCases(...args: string[]): Promise<{ status: number; world: FakeWorld }> {
  const world = new FakeWorld();
  const status = await run(['test', ...args], { ...world.context, createOfflineChecker });
  return { status, world };
}

test('the cases of the example pass, and the rules that none exercises are named', async () => {
  const { status, world } = await runCases('examples/shop/cases.yaml');
  assert.equal(status, 0, world.stdout + world.stderr);
  assert.match(world.stdout, /^ok {4}the web front reads an order$/m);
  assert.match(
    world.stdout,
    /^rules that no case exercises: orders\/web-cancels, orders\/stock-follows, billing\/orders-bills$/m,
  );
  assert.match(world.stdout, /^11 cases, 0 failed$/m);
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
  const xml = readFileSync(junit, 'utf8');
  assert.match(xml, /<testsuite name="[^"]*cases\.yaml" tests="1" failures="1">/);
  assert.match(xml, /name="wrong &#60;&#38;&#62; hope"/);
  assert.ok(xml.includes(`<failure message="${said}"/>`), xml);
});

test('as JSON a program reads each case, and the rules without one', async () => {
  const { status, world } = await runCases(writtenFile(failing, 'cases.yaml'), '--json');
  assert.equal(status, 1);
  const said = JSON.parse(world.stdout) as {
    passed: boolean;
    cases: object[];
    unusedRules: string[];
  };
  assert.equal(said.passed, false);
  assert.equal(said.cases.length, 1);
  assert.ok(said.unusedRules.includes('orders/web-reads'));
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
  const xml = junitXml([{ suite: '"', name: 'a\u0000<b>\u001b', seconds: 0, failure: '\n' }]);
  assert.match(xml, /classname="&#34;" name="a\ufffd&#60;b&#62;\ufffd" time="0\.000"/);
  assert.match(xml, /<failure message="&#10;"\/>/);
});
