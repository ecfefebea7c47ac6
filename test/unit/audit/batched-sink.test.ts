import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { BatchedSink } from '../../../src/audit/batched-sink.ts';
import { until } from '../../setup/until.ts';
import { rememberedEvents } from './audit-events.ts';

const limits = { delayMs: 5, batchLength: 8, maxBatchLength: 16, maxBufferedLength: 40 };

/** An output whose batches end when a test says so. */
function heldOutput() {
  const batches: string[] = [];
  const held: { resolve: () => void; reject: (error: Error) => void }[] = [];
  let closed = false;
  return {
    batches,
    held,
    isClosed: () => closed,
    write: (batch: Buffer) =>
      new Promise<void>((resolve, reject) => {
        batches.push(batch.toString());
        held.push({ resolve, reject });
      }),
    close: () => {
      closed = true;
      return Promise.resolve();
    },
  };
}

test('lines wait for each other for a moment, and go out in order in one batch', async () => {
  const output = heldOutput();
  const { events, drops } = rememberedEvents();
  const sink = new BatchedSink('test', output, events, limits);
  sink.write('a\n');
  sink.write('b\n');
  assert.deepEqual(output.batches, []);
  await until('the batch goes out', () => output.batches.length > 0);
  assert.deepEqual(output.batches, ['a\nb\n']);
  output.held[0]?.resolve();
  await sink.close(100);
  assert.deepEqual(drops, []);
  assert.ok(output.isClosed());
});

test('a full batch goes out at once, and one batch is written at a time', async () => {
  const output = heldOutput();
  const sink = new BatchedSink('test', output, rememberedEvents().events, limits);
  for (const line of ['1234567\n', 'b\n', 'c\n']) sink.write(line);
  await Promise.resolve();
  assert.deepEqual(output.batches, ['1234567\n']);
  await sleep(2 * limits.delayMs);
  assert.equal(output.batches.length, 1, 'the second waits for the first');
  output.held[0]?.resolve();
  await until('the second goes out', () => output.batches.length > 1);
  assert.deepEqual(output.batches, ['1234567\n', 'b\nc\n']);
});

test('lines that come while a batch is written wait for others again', async () => {
  const output = heldOutput();
  const sink = new BatchedSink('test', output, rememberedEvents().events, limits);
  sink.write('1234567\n');
  sink.write('b\n');
  output.held[0]?.resolve();
  // No timer can end before the promises that the end of the first batch sets off.
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
  assert.deepEqual(output.batches, ['1234567\n']);
  sink.write('c\n');
  await until('both go out', () => output.batches.length > 1);
  assert.deepEqual(output.batches, ['1234567\n', 'b\nc\n']);
});

test('what an output that hangs cannot take is dropped and counted, the newest first', async () => {
  const output = heldOutput();
  const { events, drops } = rememberedEvents();
  const sink = new BatchedSink('test', output, events, limits);
  for (let line = 0; line < 7; line += 1) sink.write(`line ${line}..\n`);
  assert.deepEqual(drops, [
    ['test', 'buffer_full', 1],
    ['test', 'buffer_full', 1],
    ['test', 'buffer_full', 1],
  ]);
  assert.equal(output.batches[0], 'line 0..\n');

  const startedMs = performance.now();
  await sink.close(50);
  assert.ok(performance.now() - startedMs < 10_000, 'close is bounded');
  assert.deepEqual(drops.at(-1), ['test', 'closed', 4]);
});

test('an output that keeps up never loses a line, however many come', async () => {
  let written = '';
  const output = {
    write: (batch: Buffer) => {
      written += batch.toString();
      return Promise.resolve();
    },
    close: () => Promise.resolve(),
  };
  const { events, drops } = rememberedEvents();
  const sink = new BatchedSink('test', output, events, limits);
  const lines = Array.from({ length: 500 }, (_, line) => `${line}\n`);
  for (const line of lines) {
    sink.write(line);
    await Promise.resolve();
  }
  await sink.close(100);
  assert.equal(written, lines.join(''));
  assert.deepEqual(drops, []);
});

test('what comes while the last batch ends is still written by close', async () => {
  for (let turns = 0; turns < 12; turns += 1) {
    const output = heldOutput();
    const { events, drops } = rememberedEvents();
    const sink = new BatchedSink('test', output, events, limits);
    sink.write('1234567\n');
    output.held[0]?.resolve();
    for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
    sink.write('last\n');
    const closing = sink.close(100);
    await until('the last goes out', () => output.held.length > 1);
    output.held[1]?.resolve();
    await closing;
    assert.deepEqual([output.batches, drops], [['1234567\n', 'last\n'], []], `turn ${turns}`);
  }
});

test('a failed batch is counted once, and the next one tries again', async () => {
  const output = heldOutput();
  const { events, drops, states } = rememberedEvents();
  const sink = new BatchedSink('test', output, events, limits);
  for (let round = 0; round < 3; round += 1) {
    sink.write('a\n');
    sink.write('b\n');
    await until('it is tried', () => output.held.length > round);
    const held = output.held[round];
    if (round < 2) held?.reject(new Error('no space'));
    else held?.resolve();
    await setImmediate();
  }
  assert.deepEqual(drops, [
    ['test', 'write_failed', 2],
    ['test', 'write_failed', 2],
  ]);
  assert.deepEqual(states, ['test failing', 'test recovered'], 'each change is said once');
});

test('after closing, lines are counted as lost', async () => {
  const { events, drops } = rememberedEvents();
  const sink = new BatchedSink('test', heldOutput(), events, limits);
  await sink.close(50);
  sink.write('late\n');
  assert.deepEqual(drops, [['test', 'closed', 1]]);
});
