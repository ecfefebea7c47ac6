import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { run } from '../../../../src/cli/run.ts';
import { signatureAlgorithms } from '../../../../src/domain/bundle-settings.ts';
import { requireTool } from '../../../setup/find-tool.ts';
import { newKeys } from '../../../setup/signing-keys.ts';
import { FakeWorld } from '../fake-context.ts';

const opa = requireTool('opa');
const source = 'policies/example';
const directory = mkdtempSync(join(tmpdir(), 'sallyport-build-'));
after(() => {
  rmSync(directory, { recursive: true });
});

async function said(args: readonly string[], path = dirname(opa)) {
  const world = new FakeWorld();
  const context = { ...world.context, environment: { PATH: path } };
  const status = await run(['bundle', ...args], context);
  return { status, stdout: world.stdout, stderr: world.stderr };
}

function fileFor(name: string, content: string): string {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}

const entrypoint = ['-e', 'envoy/authz/allow', '--ignore', '*_test.rego'];

async function built(name: string, ...args: string[]): Promise<string> {
  const output = join(directory, name);
  const { status, stderr } = await said(['build', ...entrypoint, '-o', output, ...args]);
  assert.deepEqual([status, stderr], [0, '']);
  return output;
}

test('build compiles a policy that a server takes, and shows what came out', async () => {
  const output = join(directory, 'shown.tar.gz');
  const { stdout } = await said(['build', ...entrypoint, '-r', 'r7', '-o', output, source]);
  assert.match(stdout, /shown\.tar\.gz\n +revision +r7\n/);
  assert.match(stdout, /entrypoints +envoy\/authz\/allow/);
  const verified = await said(['verify', output]);
  assert.match(verified.stdout, /a server takes it; revision r7 would decide/);
});

test('the same sources make the same bytes, wherever they are and whatever their times', async () => {
  const copy = join(directory, 'copy');
  cpSync(source, copy, { recursive: true });
  utimesSync(join(copy, 'authz.rego'), 1, 1);
  const bytes = readFileSync(await built('one.tar.gz', source));
  assert.ok(bytes.equals(readFileSync(await built('two.tar.gz', copy))));
  const secret = fileFor('secret', 'a secret for tests only');
  const signing = ['--signing-key', secret, '--signing-alg', 'HS256'];
  const signed = readFileSync(await built('three.tar.gz', ...signing, source));
  assert.ok(signed.equals(readFileSync(await built('four.tar.gz', ...signing, copy))));
});

for (const algorithm of signatureAlgorithms) {
  test(`what is signed with ${algorithm} is verified here and by opa`, async () => {
    const { signing, verification } = newKeys(algorithm);
    const named = ['--signing-alg', algorithm, '--scope', 'prod'];
    const privateKey = fileFor(`${algorithm}.key`, signing);
    const publicKey = fileFor(`${algorithm}.pub`, verification);
    const signer = ['--signing-key', privateKey, ...named, '--key-id', 'release'];
    const bundle = await built(`${algorithm}.tar.gz`, ...signer, source);
    const key = ['--verification-key', publicKey, ...named];
    const { status, stdout } = await said(['verify', ...key, '--key-id', 'release', bundle]);
    assert.equal(status, 0, stdout);
    const output = join(directory, 'verified.tar.gz');
    const byOpa = ['build', '-b', bundle, '-o', output, '--verification-key-id', 'release', ...key];
    execFileSync(opa, byOpa, { stdio: 'pipe' });
  });
}

test('a policy that does not compile is status 1, with what opa says of it', async () => {
  const broken = fileFor('broken.rego', 'package envoy.authz\n\nallow if {');
  const { status, stderr } = await said(['build', ...entrypoint, broken]);
  assert.equal(status, 1);
  assert.match(stderr, /opa build refuses it: .*broken\.rego:3: rego_parse_error/s);
});

test('without opa, build says what to install', async () => {
  const { status, stderr } = await said(['build', ...entrypoint, source], directory);
  assert.equal(status, 2);
  assert.match(stderr, /opa is needed to compile Rego, and is not on the PATH/);
});

test('what is signed is shown to be verified, and what would not be signed is not built', async () => {
  const { signing } = newKeys('ES256');
  const key = ['--signing-key', fileFor('shown.key', signing), '--signing-alg', 'ES256'];
  const output = ['-o', join(directory, 'shown-signed.tar.gz')];
  const { stdout } = await said(['build', ...entrypoint, ...key, ...output, source]);
  assert.match(stdout, /signature +key default, ES256\n +verified\n/);
  const silent = await said(['build', ...entrypoint, '--key-id', 'release', ...output, source]);
  assert.equal(silent.status, 2);
  assert.match(silent.stderr, /--key-id is of a signature: it needs --signing-key beside it/);
});

test('an entrypoint that no server could ask for, or that is no rule, is refused', async () => {
  for (const written of ['data.envoy.authz.allow', '/envoy/authz/allow']) {
    const { status, stderr } = await said(['build', '-e', written, source]);
    assert.equal(status, 2);
    assert.match(stderr, /--entrypoint must be a path such as envoy\/authz\/allow, not/);
  }
  const { status, stderr } = await said(['build', '-e', 'envoy/authz/nothing', source]);
  assert.equal(status, 1);
  assert.match(stderr, /"envoy\/authz\/nothing" does not refer to a rule.*\nName a rule/);
});

test('a folder that is not there to write to is status 2', async () => {
  const output = join(directory, 'nowhere/b.tar.gz');
  const { status, stderr } = await said(['build', ...entrypoint, '-o', output, source]);
  assert.equal(status, 2);
  assert.match(stderr, /--output: the bundle cannot be written: ENOENT.*nowhere/);
});

test('a key that cannot sign is status 2', async () => {
  const { signing } = newKeys('ES256');
  const key = ['--signing-key', fileFor('ec.key', signing)];
  const another = await said(['build', ...entrypoint, ...key, source]);
  assert.deepEqual(
    [another.status, /not a key for RS256; it is one for ES256/.test(another.stderr)],
    [2, true],
  );
  const none = ['--signing-key', fileFor('no.key', 'no key')];
  const broken = await said(['build', ...entrypoint, ...none, source]);
  assert.deepEqual([broken.status, /not a private key in PEM/.test(broken.stderr)], [2, true]);
});

test('build asks for what it needs', async () => {
  assert.match((await said(['build', source])).stderr, /--entrypoint is missing/);
  assert.match((await said(['build', ...entrypoint])).stderr, /what is to be built\?/);
  assert.match((await said(['build', ...entrypoint, 'nothing'])).stderr, /nothing cannot be read/);
});
