import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { defaultBatchLimits } from '../../../src/audit/batched-sink.ts';
import { createFileSink } from '../../../src/audit/file-sink.ts';
import type { Sink } from '../../../src/audit/sink.ts';
import { until } from '../../setup/until.ts';
import { rememberedEvents } from './audit-events.ts';

const quick = { ...defaultBatchLimits, delayMs: 1 };

async function directoryFor(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'sallyport-audit-'));
  t.after(() => rm(directory, { recursive: true }));
  return directory;
}

function openSink(path: string, { maxBytes = 1e6, keep = 2 } = {}) {
  const remembered = rememberedEvents();
  return {
    ...remembered,
    sink: createFileSink({ path, maxBytes, keep }, remembered.events, quick),
  };
}

/** Writes a line and waits until the file is seen to end with it. */
async function writeThrough(sink: Sink, path: string, line: string): Promise<void> {
  sink.write(line);
  await until(line, async () => (await readFile(path, 'utf8').catch(() => '')).endsWith(line));
}

test('lines are appended to what is there, and only owner and group may read them', async (t) => {
  const path = join(await directoryFor(t), 'decisions.jsonl');
  const first = openSink(path);
  first.sink.write('{"a":1}\n');
  await first.sink.close(1000);
  const second = openSink(path);
  second.sink.write('{"b":"ü"}\n');
  await second.sink.close(1000);
  assert.equal(await readFile(path, 'utf8'), '{"a":1}\n{"b":"ü"}\n');
  assert.equal((await stat(path)).mode & 0o007, 0);
});

test('a file that grows over its size is put aside, and only so many are kept', async (t) => {
  const directory = await directoryFor(t);
  const path = join(directory, 'log');
  const { sink, drops } = openSink(path, { maxBytes: 20, keep: 2 });
  for (let line = 0; line < 8; line += 1) {
    await writeThrough(sink, path, `line ${line}..\n`);
  }
  await sink.close(1000);
  assert.deepEqual((await readdir(directory)).toSorted(), ['log', 'log.1', 'log.2']);
  const read = (name: string) => readFile(join(directory, name), 'utf8');
  assert.equal(await read('log'), 'line 6..\nline 7..\n');
  assert.equal(await read('log.1'), 'line 4..\nline 5..\n');
  assert.equal(await read('log.2'), 'line 2..\nline 3..\n');
  assert.deepEqual(drops, []);
});

test('with keep 0 the old file is removed', async (t) => {
  const directory = await directoryFor(t);
  const path = join(directory, 'log');
  const { sink } = openSink(path, { maxBytes: 4, keep: 0 });
  for (const line of ['one\n', 'two\n']) await writeThrough(sink, path, line);
  await sink.close(1000);
  assert.deepEqual(await readdir(directory), ['log']);
  assert.equal(await readFile(join(directory, 'log'), 'utf8'), 'two\n');
});

test('a file that was moved or removed under us is made anew', async (t) => {
  const directory = await directoryFor(t);
  const path = join(directory, 'log');
  const { sink, drops } = openSink(path);
  await writeThrough(sink, path, 'one\n');
  await rename(path, join(directory, 'moved'));
  await writeThrough(sink, path, 'two\n');
  assert.equal(await readFile(path, 'utf8'), 'two\n');
  await rm(path);
  sink.write('three\n');
  await sink.close(1000);
  assert.equal(await readFile(path, 'utf8'), 'three\n');
  assert.equal(await readFile(join(directory, 'moved'), 'utf8'), 'one\n');
  assert.deepEqual(drops, []);
});

test('a line that a crash cut short does not swallow the next one', async (t) => {
  const path = join(await directoryFor(t), 'log');
  await writeFile(path, '{"whole":1}\n{"tor');
  const { sink } = openSink(path);
  sink.write('{"next":2}\n');
  await sink.close(1000);
  assert.equal(await readFile(path, 'utf8'), '{"whole":1}\n{"tor\n{"next":2}\n');
});

test('a full disk is counted, reported once, and left behind when there is room', async (t) => {
  const path = join(await directoryFor(t), 'log');
  await symlink('/dev/full', path);
  const { sink, drops, states, lost } = openSink(path, { maxBytes: 1 });
  for (const [index, line] of ['one\n', 'two\n'].entries()) {
    sink.write(line);
    await until('it is lost', () => lost() > index);
  }
  assert.equal(lost(), 2);
  assert.ok(drops.every(([, cause]) => cause === 'write_failed'));
  await rm(path);
  sink.write('three\n');
  await sink.close(1000);
  assert.equal(await readFile(path, 'utf8'), 'three\n');
  assert.deepEqual(states, ['file failing', 'file recovered']);
});

test('a directory that is missing is a loss that ends when it is there', async (t) => {
  const directory = join(await directoryFor(t), 'later');
  const { sink, lost } = openSink(join(directory, 'log'));
  sink.write('one\n');
  await until('it is lost', () => lost() === 1);
  await mkdir(directory);
  sink.write('two\n');
  await sink.close(1000);
  assert.equal(await readFile(join(directory, 'log'), 'utf8'), 'two\n');
});

test('a disk that fills up in the middle of a batch keeps whole lines only', async (t) => {
  const path = join(await directoryFor(t), 'log');
  // The size limit of a process fails a write as a full disk does: after a part of it.
  const script = `
    import { createFileSink } from ${JSON.stringify(new URL('../../../src/audit/file-sink.ts', import.meta.url))};
    let lost = 0;
    const events = { dropped: (sink, cause, records) => (lost += records), failing() {}, recovered() {} };
    const sink = createFileSink({ path: ${JSON.stringify(path)}, maxBytes: 1e9, keep: 0 }, events,
      { delayMs: 1, batchLength: 100, maxBatchLength: 1500, maxBufferedLength: 1e6 });
    for (let line = 0; line < 60; line += 1) sink.write('x'.repeat(99) + '\\n');
    await sink.close(2000);
    console.log(lost);
  `;
  const limited = spawn(
    'sh',
    [
      '-c',
      'ulimit -f 4; exec "$0" --input-type=module-typescript -e "$1"',
      process.execPath,
      script,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let lost = '';
  limited.stdout.on('data', (text: Buffer) => (lost += text.toString()));
  const [code] = (await once(limited, 'exit')) as [number];
  assert.equal(code, 0);
  const text = await readFile(path, 'utf8');
  assert.match(text, /^(?:x{99}\n)+$/);
  assert.equal(text.length / 100 + Number(lost), 60, 'what is not there is counted');
  assert.ok(Number(lost) > 0);
});
