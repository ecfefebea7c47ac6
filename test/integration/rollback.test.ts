import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createApp } from '../../src/app/app.ts';
import { inspectConfiguration } from '../../src/app/gate/inspect-configuration.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { FileWatcher } from '../../src/config/watch-files.ts';
import type { JsonObject } from '../../src/domain/json.ts';
import { readArchive } from '../../src/policy/bundles/contents/archive.ts';
import { waitFor } from '../e2e/child-process.ts';
import { type Sallyport, startSallyport } from '../e2e/sallyport.ts';
import { bundleOf } from '../setup/bundle-archive.ts';
import { FakeWorld } from '../unit/cli/fake-context.ts';

const fixture = join(import.meta.dirname, '../fixtures/bundles/boolean.tar.gz');
const directory = mkdtempSync(join(tmpdir(), 'sallyport-rollback-'));
const bundle = join(directory, 'authz.tar.gz');
const tokenFile = join(directory, 'token');
const config = join(directory, 'sallyport.yaml');
let server: Sallyport;

before(async () => {
  writeFileSync(tokenFile, 'a-token-for-tests-only\n');
  await publish('r1');
  const address = `unix:${join(directory, 'admin.sock')}`;
  server = await startSallyport({
    directory,
    transport: 'unix',
    bundle,
    sections: { admin: { address, tokenFile } },
  });
});

after(async () => {
  await server.process.stop();
  rmSync(directory, { recursive: true });
});

async function publish(revision: string): Promise<void> {
  const files = Object.fromEntries(await readArchive(readFileSync(fixture), 1e7));
  const manifest = JSON.parse(Buffer.from(files['.manifest'] ?? []).toString()) as JsonObject;
  const renamed = { '.manifest': JSON.stringify({ ...manifest, revision }) };
  writeFileSync(bundle, await bundleOf({ ...files, ...renamed }));
}

async function serves(revision: string): Promise<void> {
  const sample = `sallyport_bundle_revision_info{name="authz",revision="${revision}"}`;
  await waitFor(revision, async () => ((await server.metric(sample)) === 1 ? true : undefined));
}

async function said(...args: string[]) {
  const world = new FakeWorld();
  const status = await world.run('rollback', ...args);
  return { status, stdout: world.stdout, stderr: world.stderr };
}

test('there is nothing to go back to before a second revision has served', async () => {
  const { status, stderr } = await said('-c', config);
  assert.equal(status, 1);
  assert.match(stderr, /bundle authz has had no other revision to go back to/);
});

test('rollback puts back the revision before, and holds it until there is another', async () => {
  await publish('r2');
  await serves('r2');
  const { status, stdout, stderr } = await said('-c', config);
  assert.deepEqual([status, stderr], [0, '']);
  assert.equal(stdout, 'authz: revision r1 decides; r2 is not taken again\n');
  await serves('r1');
  await server.process.says(/a bundle was rolled back, as was asked.*from.*r2.*to.*r1/);
  assert.equal((await said('-c', config)).status, 1, 'there is nothing before r1');
  await publish('r3');
  await serves('r3');
  const again = await said('-c', config, '--bundle', 'authz', '--json');
  const document = JSON.parse(again.stdout) as JsonObject;
  assert.deepEqual([document['active_revision'], document['held_revision']], ['r1', 'r3']);
});

test('a bundle that is not there is no; a wrong token, or none, is status 2', async () => {
  const unknown = await said('-c', config, '--bundle', 'other');
  assert.deepEqual([unknown.status, unknown.stderr], [1, 'There is no bundle "other"\n']);
  const wrong = join(directory, 'wrong');
  writeFileSync(wrong, 'another-token-for-tests');
  const refused = await said('-c', config, '--bundle', 'authz', '--token-file', wrong);
  assert.equal(refused.status, 2);
  assert.match(refused.stderr, /the server refused this token/);
  await server.process.says(/refused requests without the right token/);
  const without = await said('--server-admin', '127.0.0.1:1');
  assert.equal(without.status, 2);
  assert.match(without.stderr, /--token-file is missing/);
  writeFileSync(wrong, 'short');
  const short = await said('--token-file', wrong);
  assert.match(short.stderr, /wrong does not hold a token/);
});

test('a server that is not there is status 2', async () => {
  const closed = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => closed.once('listening', resolve));
  const address = closed.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  await new Promise((resolve) => closed.close(resolve));
  const args = ['--server-admin', `127.0.0.1:${port}`, '--token-file', tokenFile];
  const { status, stderr } = await said(...args);
  assert.equal(status, 2);
  assert.match(stderr, /the admin address 127\.0\.0\.1:\d+ did not answer: .*ECONNREFUSED/);
});

test('serve and validate refuse a token file that holds none', async () => {
  const file = join(directory, 'empty');
  writeFileSync(file, '');
  const other = join(directory, 'other.yaml');
  const written = JSON.parse(readFileSync(config, 'utf8')) as JsonObject;
  writeFileSync(other, JSON.stringify({ ...written, admin: { tokenFile: file } }));
  const loaded = loadConfig(other, {});
  assert.ok('config' in loaded);
  const problems = await inspectConfiguration(loaded.config);
  assert.deepEqual(
    problems.map((problem) => problem.file),
    [file],
  );
  const source = { path: other, files: new FileWatcher(), load: () => loaded };
  await assert.rejects(createApp(loaded.config, source), /empty: .*does not hold a token/);
});
