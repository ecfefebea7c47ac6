import assert from 'node:assert/strict';
import { basename } from 'node:path';
import { test } from 'node:test';
import { inspectConfiguration } from '../../../src/app/gate/inspect-configuration.ts';
import { run } from '../../../src/cli/run.ts';
import { writtenFile } from '../config/written-file.ts';
import { FakeWorld } from './fake-context.ts';

test('a key that would steer the terminal is spelled out, by validate and by serve', async () => {
  const file = writtenFile('"\\u001b[2J": 1\n', 'steering.yaml');
  for (const command of ['validate', 'serve']) {
    const world = new FakeWorld();
    await world.run(command, '-c', file);
    const said = world.stdout + world.stderr;
    assert.match(said, /:1: \\u001b\[2J: /);
    assert.ok(!said.includes('\u001b'));
  }
});

const badLimits = writtenFile('version: 1\nlimits: [{ name: 7up, rate: 1/1s }]\n', 'limits.yaml');
const badBundle = writtenFile('no archive', 'bundle.tar.gz');

async function problemsIn(yaml: string): Promise<readonly string[]> {
  const world = new FakeWorld();
  const context = { ...world.context, inspectConfiguration };
  await run(['validate', '--json', '-c', writtenFile(yaml, 'validated.yaml')], context);
  const said = JSON.parse(world.stdout) as { problems: { file: string; path: string }[] };
  return said.problems.map(({ file, path }) => `${basename(file)} ${path}`);
}

test('problems of the configuration do not keep those of the files that it names back', async () => {
  const files = `policy: { bundle: ${badBundle} }\nlimits: ${badLimits}\n`;
  const further = ['limits.yaml limits[0].name', 'bundle.tar.gz '];
  assert.deepEqual(await problemsIn(`identity: { require: none }\n${files}`), further);
  assert.deepEqual(await problemsIn(`identity: { require: nobody }\nservr: {}\n${files}`), [
    'validated.yaml identity.require',
    'validated.yaml servr',
    ...further,
  ]);
});

test('a caller of a federated trust domain is somebody, and one of another is nobody', async () => {
  const from = `['spiffe://prod/a', 'spiffe://partner/a', 'spiffe://other/a']`;
  const rule = `{ name: read, from: ${from}, paths: [/a] }`;
  const access = writtenFile(
    `version: 1\nservices: [{ name: a, hosts: [a], allow: [${rule}] }]\n`,
    'federated-access.yaml',
  );
  const identity = '{ trustDomains: [prod], federatedTrustDomains: [partner] }';
  const world = new FakeWorld();
  const context = { ...world.context, inspectConfiguration };
  const yaml = `identity: ${identity}\naccess: ${access}\n`;
  await run(['validate', '-c', writtenFile(yaml, 'federated.yaml')], context);
  assert.match(world.stdout, /names spiffe:\/\/other\/a, whose trust domain/);
  assert.doesNotMatch(world.stdout, /names spiffe:\/\/partner/);
});

test('limits are judged when nothing else can be', async () => {
  assert.deepEqual(await problemsIn(`policy: { bundle: 7 }\nlimits: ${badLimits}\n`), [
    'validated.yaml identity.trustDomains',
    'validated.yaml policy.bundle',
    'limits.yaml limits[0].name',
  ]);
});

test('decision cases are judged as what they are', async () => {
  const file = writtenFile(
    'version: 1\ncases:\n  - { name: a, request: { path: 7 }, expect: {} }\n',
    'cases.yaml',
  );
  const world = new FakeWorld();
  assert.equal(await world.run('validate', file), 1);
  assert.match(world.stdout, /cases\.yaml:3: cases\[0\]\.request\.path: /);
  const shop = new FakeWorld();
  assert.equal(await shop.run('validate', 'examples/shop/cases.yaml'), 0, shop.stdout);
});

test('a bundle is judged by itself: what it holds, and what it calls', async () => {
  const needs = 'test/fixtures/bundles/needs-builtin.tar.gz';
  const judged: readonly (readonly [file: string, status: number, says: RegExp])[] = [
    ['bundles/example.tar.gz', 0, /^bundles\/example\.tar\.gz: valid$/m],
    [
      'policies/example',
      0,
      /none, and Rego that no server reads: compile it.*\n.*example: valid$/m,
    ],
    ['test/fixtures/bundles/opa-envoy-http-send.tar.gz', 0, /valid$/m],
    [needs, 1, /^test\/\S+: calls rego\.parse_module: it needs the compiler/m],
    [
      writtenFile(Buffer.from([0x1f, 0x8b, 0]), 'cut.tar.gz'),
      1,
      /cut\.tar\.gz: the bundle ends too early/,
    ],
  ];
  for (const [file, status, says] of judged) {
    const world = new FakeWorld();
    assert.equal(await world.run('validate', file), status, file);
    assert.match(world.stdout, says);
  }
});

test('the configuration of an OPA is judged as serve reads it, and what is left out is said', async () => {
  const bundles = 'bundles: { authz: { resource: "file:///none" } }\n';
  const good = writtenFile(`${bundles}caching: {}\n`, 'opa.yaml');
  const world = new FakeWorld();
  assert.equal(await world.run('validate', '--opa-config', good), 0);
  assert.match(world.stdout, /opa\.yaml:2: caching: has no meaning here.*\n.*opa\.yaml: valid\n$/);

  const json = new FakeWorld();
  assert.equal(await json.run('validate', '--json', '--opa-config', good), 0);
  const { valid, problems, warnings } = JSON.parse(json.stdout) as Record<string, unknown>;
  assert.deepEqual([valid, problems], [true, []]);
  assert.ok(Array.isArray(warnings) && warnings.length === 1);

  const bad = writtenFile(`${bundles}plugins: { mine: {} }\n`, 'bad-opa.yaml');
  const refused = new FakeWorld();
  assert.equal(await refused.run('validate', '--opa-config', bad), 1);
  assert.match(refused.stdout, /bad-opa\.yaml:2: plugins\.mine: is not a key of OPA/);
});

test('commands that are about one configuration take it in one of both forms, not in both', async () => {
  for (const command of ['serve', 'validate', 'check', 'bundle verify', 'rollback']) {
    const world = new FakeWorld();
    const operands = command === 'bundle verify' ? ['bundles/example.tar.gz'] : [];
    const both = ['-c', 'a.yaml', '--opa-config', 'b.yaml'];
    assert.equal(await world.run(...command.split(' '), ...both, ...operands), 2, command);
    assert.match(world.stderr, /--config and --opa-config exclude each other/);
  }
});
