import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createAsideReader } from '../../../src/app/policy/bundle-reading/read-aside.ts';
import { readWithoutPause } from '../../../src/app/policy/bundle-reading/bundle-reader.ts';
import { BundleError } from '../../../src/policy/bundle-error.ts';
import type { ReadTask } from '../../../src/policy/bundles/contents/read-task.ts';
import { joinData } from '../../../src/policy/join-data.ts';
import { bundleOf } from '../../setup/bundle-archive.ts';
import { largeBundleFiles } from '../../setup/large-bundle.ts';

async function taskOf(files: Readonly<Record<string, string | Uint8Array>>): Promise<ReadTask> {
  return { content: await bundleOf(files), maxBytes: 1e8, signing: undefined, before: undefined };
}

const readAside = createAsideReader();

test('what another process reads is what is read here', async () => {
  const task = await taskOf(await largeBundleFiles('r1', 10_000));
  const [aside, here] = [await readAside(task), await readWithoutPause(task)];
  assert.ok(aside.type === 'snapshot' && here.type === 'snapshot');
  assert.deepEqual({ ...aside, modules: 0, data: 0 }, { ...here, modules: 0, data: 0 });
  assert.deepEqual(Buffer.from(joinData(aside.data)), Buffer.from(joinData(here.data)));
  const [[name, wasm] = []] = [...here.modules];
  assert.deepEqual(Buffer.from(aside.modules.get(name ?? '') ?? []), Buffer.from(wasm ?? []));
});

test('bundles that are asked for at once are read one after another', async () => {
  const tasks = await Promise.all(
    ['r1', 'r2', 'r3'].map(async (revision) => taskOf(await largeBundleFiles(revision, 300_000))),
  );
  const read = await Promise.all(tasks.map((task) => readAside(task)));
  assert.deepEqual(
    read.map(({ revision }) => revision),
    ['r1', 'r2', 'r3'],
  );
});

test('a refusal is a sentence, and the next bundle is read', async () => {
  await assert.rejects(readAside(await taskOf({ 'data.json': '[]' })), (error: unknown) => {
    assert.ok(error instanceof BundleError);
    assert.match(error.message, /^data\.json in the bundle is not a JSON object$/);
    return true;
  });
  assert.equal((await readAside(await taskOf({ 'data.json': '{}' }))).type, 'snapshot');
});

test('a bundle that takes more memory than there may be is refused, and the next is read', async () => {
  const small = createAsideReader({ maxHeapMib: 64, maxMs: 60_000 });
  const bomb = await taskOf({ 'data.json': `{"a":[${'[],'.repeat(3_000_000)}[]]}` });
  await assert.rejects(small(bomb), /process for it ended \(.*\)\. It may use 64 MiB/);
  assert.equal((await small(await taskOf({ 'data.json': '{}' }))).type, 'snapshot');
});

test('a bundle that takes too long is refused', async () => {
  const hasty = createAsideReader({ maxMs: 1 });
  await assert.rejects(hasty(await taskOf({})), /could not be read within 0\.001 s/);
});

test('nobody waits for a bundle that is not wanted any more', async () => {
  const bomb = await taskOf({ 'data.json': `{"a":[${'{"b":[]},'.repeat(2_000_000)}0]}` });
  const wanted = new AbortController();
  const reading = readAside(bomb, wanted.signal);
  const next = readAside(await taskOf({ 'data.json': '{}' }));
  wanted.abort();
  await assert.rejects(reading);
  assert.equal((await next).type, 'snapshot');
});
