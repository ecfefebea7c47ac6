import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import packageFile from '../../../package.json' with { type: 'json' };

const root = fileURLToPath(new URL('../../../', import.meta.url));

interface Finished {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function sallyport(...args: string[]): Promise<Finished> {
  const child = spawn(process.execPath, ['src/main.ts', ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 20_000,
  });
  const [stdout, stderr] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  return { status: child.exitCode, stdout, stderr };
}

test('--version is the version of the package', async () => {
  const { status, stdout } = await sallyport('--version');
  assert.deepEqual([status, stdout], [0, `sallyport ${packageFile.version}\n`]);
});

test('--help, help and nothing at all list the commands', async () => {
  const said = await Promise.all([sallyport('--help'), sallyport('help'), sallyport()]);
  for (const { status, stdout } of said) {
    assert.equal(status, 0);
    for (const command of ['serve', 'validate', 'check'])
      assert.match(stdout, RegExp(`^  ${command} `, 'm'));
  }
});

test('every command has a help with its options', async () => {
  for (const command of ['serve', 'validate', 'check']) {
    const { status, stdout } = await sallyport(command, '--help');
    assert.equal(status, 0);
    assert.match(stdout, /-c, --config FILE/);
  }
});

test('an unknown command or option is answered with the nearest, and status 2', async () => {
  const command = await sallyport('chek');
  assert.equal(command.status, 2);
  assert.match(command.stderr, /there is no command "chek"; did you mean check\?/);
  const option = await sallyport('check', '--pricipal', 'x');
  assert.equal(option.status, 2);
  assert.match(option.stderr, /there is no option --pricipal; did you mean --principal\?/);
});

test('validate prints every problem with its place and exits 1', async () => {
  const file = 'test/fixtures/config/bad/nobody.yaml';
  const { status, stdout } = await sallyport('validate', '-c', file);
  assert.equal(status, 1);
  assert.match(stdout, /^test\/fixtures\/config\/bad\/nobody\.yaml:2: identity\.trustDomains: /);
});

test('validate knows a limits file by its content', async () => {
  const { status, stdout } = await sallyport('validate', 'examples/quickstart/limits.yaml');
  assert.deepEqual([status, stdout], [0, 'examples/quickstart/limits.yaml: valid\n']);
  const bad = await sallyport(
    'validate',
    '--json',
    'test/fixtures/config/bad-limits/everything.yaml',
  );
  assert.equal(bad.status, 1);
  const said: unknown = JSON.parse(bad.stdout);
  assert.ok(typeof said === 'object' && said !== null && 'valid' in said && said.valid === false);
});

test('a file that cannot be read is status 2', async () => {
  const { status, stderr } = await sallyport('validate', 'no-such-file.yaml');
  assert.equal(status, 2);
  assert.match(stderr, /no-such-file\.yaml cannot be read: there is none/);
});

test('a configuration may be a pipe', async () => {
  const piped = `echo 'identity: { require: peer }' | "$0" src/main.ts validate -c /dev/stdin`;
  const child = spawn('sh', ['-c', piped, process.execPath], { cwd: root, timeout: 20_000 });
  const [stdout] = await Promise.all([text(child.stdout), once(child, 'close')]);
  assert.match(stdout, /^\/dev\/stdin:1: identity\.trustDomains: names no trust domain/);
});

test('serve does not start with a bad configuration, and says all of it', async () => {
  const { status, stderr } = await sallyport('serve', '-c', 'test/fixtures/config/bad/later.yaml');
  assert.equal(status, 2);
  assert.match(stderr, /later\.yaml:2: tracing: is not available in this version; remove it/);
  assert.match(stderr, /cannot start; \d+ problems to put right/);
});

test('check without a server says so, what to do, and exits 2', async () => {
  const closed = createServer().listen(0, '127.0.0.1');
  await once(closed, 'listening');
  const { port } = closed.address() as AddressInfo;
  closed.close();
  const { status, stderr } = await sallyport(
    'check',
    '--path',
    '/',
    '--server',
    `127.0.0.1:${port}`,
  );
  assert.equal(status, 2);
  assert.match(stderr, /did not answer/);
  assert.match(stderr, /Is a server there\? Start one: npm run -s sallyport -- serve/);
});

test('a reader that goes away ends a command without an error', async () => {
  const child = spawn(process.execPath, ['src/main.ts', 'check', '--help'], {
    cwd: root,
    timeout: 20_000,
  });
  child.stdout.destroy();
  const [stderr] = await Promise.all([text(child.stderr), once(child, 'close')]);
  assert.equal(stderr, '');
});
