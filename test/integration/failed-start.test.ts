import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { startProcess, waitFor } from '../e2e/child-process.ts';
import { type SallyportOptions, writeConfiguration } from '../e2e/sallyport.ts';

const main = join(import.meta.dirname, '../../src/main.ts');

function temporaryDirectory(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-start-'));
  t.after(() => {
    rmSync(directory, { recursive: true });
  });
  return directory;
}

/** Starts what cannot serve, and waits for its end: nothing may keep such a process alive. */
async function endOf(t: TestContext, options: SallyportOptions) {
  writeConfiguration(options);
  const configuration = join(options.directory, 'sallyport.yaml');
  const program = startProcess(process.execPath, [main, 'serve', '-c', configuration]);
  t.after(() => program.stop());
  const status = await waitFor('the end', () => program.endedWith());
  return { status, said: program.stderr() };
}

test('an address that is taken ends the start, with the sentence and status 2', async (t) => {
  const directory = temporaryDirectory(t);
  const other = createServer().listen(join(directory, 'grpc.sock'));
  await once(other, 'listening');
  t.after(() => other.close());
  const { status, said } = await endOf(t, { directory, transport: 'unix' });
  assert.equal(status, 2);
  assert.match(said, /cannot listen on unix:.*another program listens there already/);
});

test('a bundle that is missing ends the start, whether Redis answers or not', async (t) => {
  const directory = temporaryDirectory(t);
  const bundle = join(directory, 'missing.tar.gz');
  const sections = { redis: { url: `unix:${join(directory, 'redis.sock')}` } };
  const { status, said } = await endOf(t, { directory, transport: 'unix', bundle, sections });
  assert.equal(status, 2);
  assert.match(said, /missing\.tar\.gz.*there is no such file/);
});
