import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileMask } from '../../../src/audit/mask.ts';
import { createRecorder } from '../../../src/audit/recorder.ts';
import type { Sink } from '../../../src/audit/sink.ts';
import type { JsonObject } from '../../../src/domain/json.ts';
import { rememberedEvents } from './audit-events.ts';
import { allowance, completedCheck, verdictOn } from './completed-check.ts';

const labels = { id: 'host-1', version: '0.1.0' };

function memorySink() {
  const lines: string[] = [];
  const sink: Sink = { write: (line) => lines.push(line), close: () => Promise.resolve() };
  const records = (): JsonObject[] => lines.map((line) => JSON.parse(line) as JsonObject);
  return { sink, lines, records };
}

function setUp({ maxPending = 100 } = {}) {
  const remembered = rememberedEvents();
  const memory = memorySink();
  const { events } = remembered;
  const mask = compileMask([]);
  const recorder = createRecorder({ sinks: [memory.sink], mask, labels, events, maxPending });
  return { ...remembered, ...memory, recorder };
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('recording only queues; the line is made in a later turn', async () => {
  const { recorder, lines } = setUp();
  recorder.record(completedCheck());
  await Promise.resolve();
  assert.equal(lines.length, 0);
  await nextTurn();
  assert.equal(lines.length, 1);
});

test('every sink gets every record, in order', async () => {
  const { events } = rememberedEvents();
  const [first, second] = [memorySink(), memorySink()];
  const sinks = [first.sink, second.sink];
  const recorder = createRecorder({ sinks, mask: compileMask([]), labels, events });
  const ids = Array.from({ length: 300 }, (_, index) => `id-${index}`);
  for (const id of ids) recorder.record(completedCheck({ check: { id } }));
  await recorder.close();
  assert.deepEqual(
    first.records().map((record) => record['decision_id']),
    ids,
  );
  assert.deepEqual(second.lines, first.lines);
});

test('a full queue drops the newest and counts it', async () => {
  const { recorder, records, drops } = setUp({ maxPending: 2 });
  for (const id of ['a', 'b', 'c', 'd']) recorder.record(completedCheck({ check: { id } }));
  assert.deepEqual(drops, [
    ['recorder', 'queue_full', 1],
    ['recorder', 'queue_full', 1],
  ]);
  await recorder.close();
  assert.deepEqual(
    records().map((record) => record['decision_id']),
    ['a', 'b'],
  );
});

test('what is no decision is a line of its own, with who wrote it', async () => {
  const { recorder, records } = setUp();
  recorder.note('limit_override_began', { override: { id: 'x\n', by: 'ann' } });
  await recorder.close();
  const [{ timestamp, labels: who, ...rest } = {}] = records();
  assert.match(JSON.stringify(timestamp), /^"\d{4}-\d\d-\d\dT.*Z"$/);
  assert.deepEqual(who, labels);
  assert.deepEqual(rest, { event: 'limit_override_began', override: { id: 'x\n', by: 'ann' } });
});

test('a long queue is written down over several turns', async () => {
  const { recorder, lines } = setUp({ maxPending: 1000 });
  for (let count = 0; count < 400; count += 1) recorder.record(completedCheck());
  await nextTurn();
  const afterOneTurn = lines.length;
  assert.ok(afterOneTurn > 0 && afterOneTurn < 400, `${afterOneTurn} in one turn`);
  await recorder.close();
  assert.equal(lines.length, 400);
});

test('what cannot be written is written without input and result, and counted', async () => {
  const { recorder, records, drops } = setUp();
  const cyclic: Record<string, unknown> = {};
  cyclic['self'] = cyclic;
  const verdict = verdictOn({ attributes: {} }, cyclic as unknown as JsonObject);
  recorder.record(completedCheck({ check: { verdict } }));
  await recorder.close();
  const [record] = records();
  assert.equal(record?.['reason'], 'bad_request');
  assert.match(JSON.stringify(record?.['record_fault']), /circular/);
  assert.ok(record && !('result' in record) && !('input' in record));
  assert.deepEqual(drops, [['recorder', 'input_left_out', 1]]);
});

test('a record that is too long is written without input and result, and counted', async () => {
  const { recorder, records, drops } = setUp();
  const verdict = verdictOn({ parsed_body: 'x'.repeat(1024 * 1024) });
  recorder.record(completedCheck({ check: { verdict }, decision: allowance }));
  await recorder.close();
  const [record] = records();
  assert.equal(record?.['outcome'], 'allow');
  assert.match(JSON.stringify(record?.['record_fault']), /the line would have \d+ characters/);
  assert.ok(record && !('input' in record));
  assert.deepEqual(drops, [['recorder', 'input_left_out', 1]]);
});

test('a mask that throws leaks nothing and loses no event', async () => {
  const { recorder, lines, drops } = setUp();
  recorder.useMask(() => {
    throw new Error('the mask is broken');
  });
  const verdict = verdictOn({ parsed_body: 'secret' }, 'secret');
  recorder.record(completedCheck({ check: { verdict } }));
  await recorder.close();
  assert.equal(lines.length, 1);
  assert.ok(!lines[0]?.includes('secret'));
  assert.deepEqual(drops, [['recorder', 'input_left_out', 1]]);
});

test('a record that cannot be made at all is counted, and the next one is written', async () => {
  const { recorder, lines, drops } = setUp();
  recorder.record(completedCheck({ check: { receivedAtMs: NaN } }));
  recorder.record(completedCheck());
  await recorder.close();
  assert.equal(lines.length, 1);
  assert.deepEqual(drops, [['recorder', 'format_failed', 1]]);
});

test('a changed mask holds for what is recorded from now on', async () => {
  const { recorder, lines } = setUp();
  const check = { verdict: verdictOn({ parsed_body: { pin: 'secret' } }) };
  recorder.record(completedCheck({ check }));
  await nextTurn();
  recorder.useMask(compileMask(['/input/parsed_body/pin']));
  recorder.record(completedCheck({ check }));
  await recorder.close();
  assert.deepEqual(
    lines.map((line) => line.includes('secret')),
    [true, false],
  );
});

test('after closing, a record is counted as lost', async () => {
  const { recorder, drops } = setUp();
  await recorder.close();
  recorder.record(completedCheck());
  assert.deepEqual(drops, [['recorder', 'closed', 1]]);
});
