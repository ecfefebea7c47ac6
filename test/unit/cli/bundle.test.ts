import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { dataBundle, deltaBundle } from '../../setup/bundle-archive.ts';
import { writtenFile } from '../config/written-file.ts';
import { FakeWorld } from './fake-context.ts';

const fixtures = join(import.meta.dirname, '../../fixtures');
const example = 'bundles/example.tar.gz';
const signed = join(fixtures, 'signed-bundles/ES256.tar.gz');
const keys = JSON.parse(readFileSync(join(fixtures, 'signed-bundles/keys.json'), 'utf8')) as Record<
  string,
  { key: string }
>;
const keyFile = writtenFile(keys['ES256']?.key ?? '', 'key.pem');
const otherKeyFile = writtenFile(keys['ES384']?.key ?? '', 'other.pem');

async function said(...args: string[]) {
  const world = new FakeWorld();
  const status = await world.run('bundle', ...args);
  return { status, stdout: world.stdout, stderr: world.stderr };
}

async function inspected(...args: string[]): Promise<unknown> {
  return JSON.parse((await said('inspect', '--json', ...args)).stdout);
}

test('inspect says what a bundle holds', async () => {
  const { status, stdout } = await said('inspect', example);
  assert.equal(status, 0);
  for (const row of [
    /revision +[0-9a-f]{12}/,
    /roots +\/$/m,
    /module +policy\.wasm, 1\d\d\.\d KiB/,
  ])
    assert.match(stdout, row);
  assert.match(stdout, /entrypoints +envoy\/authz\/allow/);
  assert.match(stdout, /signature +none/);
});

test('inspect names the builtins that a bundle calls, and why one is refused', async () => {
  const calls = (await inspected(join(fixtures, 'bundles/calls-builtin.tar.gz'))) as {
    builtins: { name: string; given: string }[];
  };
  assert.ok(calls.builtins.length > 0);
  assert.ok(calls.builtins.every(({ given }) => given === 'always'));
  const asks = await said('inspect', join(fixtures, 'bundles/opa-envoy-http-send.tar.gz'));
  assert.match(asks.stdout, /configured +http\.send: it reaches other hosts/);
  const { stdout } = await said('inspect', join(fixtures, 'bundles/needs-builtin.tar.gz'));
  assert.match(stdout, /refused +rego\.parse_module: it needs the compiler/);
});

test('inspect tells a delta, and shows a folder as it does an archive', async () => {
  const delta = await deltaBundle('r2', 'users', [{ op: 'remove', path: '/users/a' }]);
  assert.match((await said('inspect', writtenFile(delta))).stdout, /type +a delta/);
  const folder = await said('inspect', 'policies/example');
  assert.match(
    folder.stdout,
    /revision +[0-9a-f]{12}\n +roots +\/\n +module +none, and Rego.*\n +data +2 bytes/,
  );
});

const verifying = ['--verification-key', keyFile, '--signing-alg', 'ES256'];

test('inspect shows a signature, and says whether a key verifies it', async () => {
  const shown = await said('inspect', signed);
  assert.equal(shown.status, 0);
  assert.match(shown.stdout, /signature +key ES256, ES256, for test\n +not verified: no key/);
  const good = await said('inspect', signed, ...verifying, '--scope', 'test');
  assert.equal(good.status, 0);
  assert.match(good.stdout, /\n +verified\n/);
});

test('a signature that is not what the key says makes the answer of inspect no', async () => {
  const refusals: readonly (readonly [args: string[], says: RegExp])[] = [
    [[...verifying, '--scope', 'other'], /for scope "test", not "other"/],
    [[...verifying, '--scope', 'test', '--key-id', 'mine'], /key "ES256", which is not configured/],
    [
      ['--verification-key', otherKeyFile, '--signing-alg', 'ES256'],
      /key other\.pem is not a key for ES256; it is one for ES384/,
    ],
  ];
  for (const [args, says] of refusals) {
    const { status, stdout } = await said('inspect', signed, ...args);
    assert.equal(status, 1);
    assert.match(stdout, says);
  }
});

test('an unsigned bundle is no good to who has a key for it', async () => {
  const { status, stdout } = await said('inspect', example, ...verifying);
  assert.equal(status, 1);
  assert.match(stdout, /signature +none\n +refused: the bundle is not signed: .*--signing-key/);
});

test('verify says which revision a server would decide with', async () => {
  const { status, stdout } = await said('verify', example);
  assert.equal(status, 0);
  assert.match(stdout, /a server takes it; revision [0-9a-f]{12} would decide/);
});

test('verify says why a server would not take a bundle, and what to do', async () => {
  const refusals: readonly (readonly [args: string[], says: RegExp])[] = [
    [[join(fixtures, 'bundles/needs-builtin.tar.gz')], /not available here: rego\.parse_module/],
    [[signed], /the bundle is signed: configure the key/],
    [[writtenFile('no archive', 'b.tar.gz')], /is not a gzip file: expected the \.tar\.gz/],
    [[writtenFile(await dataBundle('r1', 'users', 1))], /no WASM module: build it with opa/],
    [[signed, ...verifying, '--scope', 'test'], /no WASM module/],
    [[example, ...verifying], /the bundle is not signed/],
  ];
  for (const [args, says] of refusals) {
    const { status, stdout } = await said('verify', ...args);
    assert.equal(status, 1);
    assert.match(stdout, says);
  }
});

test('verify judges a bundle beside the others of the configuration', async () => {
  const users = writtenFile(await dataBundle('u1', 'users', 1), 'users.tar.gz');
  const authz = join(process.cwd(), example);
  const config = writtenFile(
    `identity: { require: none }\npolicy: { bundles: { authz: ${authz}, users: ${users} } }\n`,
    'two.yaml',
  );
  const clash = await said('verify', '-c', config, '--bundle', 'users', users);
  assert.equal(clash.status, 1);
  assert.match(clash.stdout, /bundles authz and users overlap/);
  const lone = writtenFile(
    `identity: { require: none }\npolicy: { bundles: { authz: gone.tar.gz, users: ${users} } }\n`,
    'lone.yaml',
  );
  const lacking = await said('verify', '-c', lone, '--bundle', 'users', users);
  assert.match(lacking.stdout, /gone\.tar\.gz: cannot be read: there is no such file/);
  const unnamed = await said('verify', '-c', config, users);
  assert.equal(unnamed.status, 2);
  assert.match(unnamed.stderr, /--bundle is missing; there are authz, users/);
});

test('what cannot be asked is status 2', async () => {
  const faults: readonly (readonly [args: string[], says: RegExp])[] = [
    [['inspect'], /which bundle\?/],
    [['inspect', 'no-such.tar.gz'], /no-such\.tar\.gz cannot be read/],
    [['inspect', signed, '--verification-key', 'no-such.pem'], /no-such\.pem cannot be read/],
    [
      ['verify', example, ...verifying.slice(0, 2), '--signing-alg', 'none'],
      /must be one of ES256/,
    ],
    [['verify', '-c', 'package.json', example], /package\.json is not valid/],
    [['inspct', example], /did you mean bundle inspect\?/],
    [['inspect', '--scope', 'test', signed], /--scope is of a signature: it needs --verification/],
    [['inspect'], /Try: sallyport bundle inspect --help/],
    [[], /there are bundle build, bundle inspect, bundle verify/],
  ];
  for (const [args, says] of faults) {
    const { status, stderr } = await said(...args);
    assert.equal(status, 2, args.join(' '));
    assert.match(stderr, says);
  }
});

test('the help of a family lists its commands', async () => {
  for (const args of [
    ['bundle', '--help'],
    ['help', 'bundle'],
  ]) {
    const world = new FakeWorld();
    assert.equal(await world.run(...args), 0);
    assert.match(world.stdout, /bundle inspect .*\n +bundle verify /);
    assert.doesNotMatch(world.stdout, /^ +serve/m);
  }
});
