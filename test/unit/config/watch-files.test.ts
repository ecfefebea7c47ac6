import assert from 'node:assert/strict';
import { mkdirSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { test, type TestContext } from 'node:test';
import { FileWatcher } from '../../../src/config/watch-files.ts';
import { writtenDirectory, writtenFile } from './written-file.ts';

const intervalMs = 20;
/** Long enough for the first look, and for a change to be seen and to hold still. */
const settledMs = 10 * intervalMs;

interface Seen {
  changes: number;
}

/** Waits for the change, and then whether another comes. */
async function changed(seen: Seen, times: number): Promise<void> {
  for (let waited = 0; seen.changes < times && waited < 250; waited += 1) await sleep(intervalMs);
  await sleep(settledMs);
  assert.equal(seen.changes, times);
}

function watcherOf(paths: readonly string[], onChange: () => void): FileWatcher {
  const watcher = new FileWatcher(intervalMs);
  watcher.watch([{ paths, onChange }]);
  return watcher;
}

async function watched(t: TestContext, ...paths: string[]): Promise<Seen> {
  const seen = { changes: 0 };
  const watcher = watcherOf(paths, () => {
    seen.changes += 1;
  });
  t.after(() => {
    watcher.stop();
  });
  await sleep(settledMs);
  return seen;
}

test('a file that is written anew is a change, and only one', async (t) => {
  const path = writtenFile('a', 'written');
  const seen = await watched(t, path, writtenFile('same', 'other'));
  writeFileSync(path, 'b');
  await changed(seen, 1);
});

test('a file that is replaced by renaming another over it is a change', async (t) => {
  const path = writtenFile('a', 'replaced');
  const seen = await watched(t, path);
  renameSync(writtenFile('b', 'replacement'), path);
  await changed(seen, 1);
});

test('a symlink swap above the file, as Kubernetes makes for a ConfigMap, is a change', async (t) => {
  for (const revision of ['1', '2']) {
    mkdirSync(join(writtenDirectory, revision));
    writeFileSync(join(writtenDirectory, revision, 'limits.yaml'), revision);
  }
  const link = join(writtenDirectory, '..data');
  symlinkSync('1', link);
  const seen = await watched(t, join(link, 'limits.yaml'));
  symlinkSync('2', `${link}-new`);
  renameSync(`${link}-new`, link);
  await changed(seen, 1);
});

test('new times on the same content are no change', async (t) => {
  const path = writtenFile('a', 'touched');
  const seen = await watched(t, path);
  utimesSync(path, 1, 1);
  renameSync(writtenFile('a', 'touched-too'), path);
  await sleep(settledMs);
  assert.equal(seen.changes, 0);
});

test('a file that goes away and one that appears are changes', async (t) => {
  const [going, coming] = [writtenFile('a', 'going'), join(writtenDirectory, 'coming')];
  const seen = await watched(t, going, coming);
  rmSync(going);
  await changed(seen, 1);
  writeFileSync(coming, 'b');
  await changed(seen, 2);
});

test('a file that is still being written is reported once it holds still', async (t) => {
  const path = writtenFile('a', 'slow');
  const seen = await watched(t, path);
  for (let part = 0; part < 10; part++) {
    writeFileSync(path, 'x'.repeat(part + 2));
    await sleep(intervalMs / 2);
  }
  for (let waited = 0; seen.changes === 0 && waited < 250; waited += 1) await sleep(intervalMs);
  await sleep(settledMs);
  assert.ok(seen.changes >= 1 && seen.changes < 4, `${seen.changes} changes`);
});

test('nothing is reported after the watch has stopped', async () => {
  const path = writtenFile('a', 'stopped');
  let changes = 0;
  const watcher = watcherOf([path], () => (changes += 1));
  await sleep(settledMs);
  watcher.stop();
  writeFileSync(path, 'b');
  await sleep(settledMs);
  assert.equal(changes, 0);
});

test('a change anywhere below a folder is one', async (t) => {
  const folder = join(writtenDirectory, 'folder');
  mkdirSync(join(folder, 'deep'), { recursive: true });
  writeFileSync(join(folder, 'deep/data.json'), '{}');
  const seen = await watched(t, folder);
  writeFileSync(join(folder, 'deep/data.json'), '{"a":1}');
  await changed(seen, 1);
  writeFileSync(join(folder, 'policy.wasm'), '');
  await changed(seen, 2);
  rmSync(folder, { recursive: true });
  await changed(seen, 3);
});

test('a pipe is left to whoever reads it, and never changes', async (t) => {
  const path = join(writtenDirectory, 'pipe');
  execFileSync('mkfifo', [path]);
  const seen = await watched(t, path);
  const reader = spawn('cat', [path]);
  let read = '';
  reader.stdout.on('data', (text: Buffer) => (read += text.toString()));
  writeFileSync(path, 'a: 1');
  await once(reader, 'close');
  assert.equal(read, 'a: 1');
  await sleep(settledMs);
  assert.equal(seen.changes, 0);
});
