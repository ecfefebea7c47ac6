import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createAdminServer } from '../../src/admin/admin-server.ts';
import { createFileSink } from '../../src/audit/file-sink.ts';
import { noGrantOperations } from '../unit/admin/no-grant-operations.ts';
import { noLimitOperations } from '../unit/admin/no-limit-operations.ts';
import { compileMask } from '../../src/audit/mask.ts';
import { createRecorder } from '../../src/audit/recorder.ts';
import { Denial } from '../../src/domain/decision/decision.ts';
import type { JsonObject } from '../../src/domain/json.ts';
import { listen } from '../../src/server/listener.ts';
import { createTelemetry } from '../../src/telemetry/telemetry.ts';
import { allowance, completedCheck, verdictOn } from '../unit/audit/completed-check.ts';

/** Records, metrics and the admin address, wired as in the server. */
async function startTrail(t: TestContext, path: string) {
  const telemetry = createTelemetry({ version: '0.1.0' });
  const log: string[] = [];
  const events = {
    dropped: telemetry.recordsDropped,
    failing: (sink: string) => log.push(`${sink} failing`),
    recovered: (sink: string) => log.push(`${sink} recovered`),
  };
  const recorder = createRecorder({
    sinks: [createFileSink({ path, maxBytes: 1e6, keep: 1 }, events)],
    mask: compileMask(['/input/parsed_body/pin']),
    labels: { id: 'host-1', version: '0.1.0' },
    events,
  });
  const admin = createAdminServer({
    address: { kind: 'tcp', host: '127.0.0.1', port: 0 },
    listen,
    readiness: () => [{ name: 'policy', ready: true }],
    facts: () => ({
      version: '0.1.0',
      policy: undefined,
      bundles: [],
      limits: [],
      grants: [],
      insecureOptions: [],
    }),
    status: () => ({}),
    rollback: () => Promise.resolve({ outcome: 'unknown bundle' }),
    limits: noLimitOperations,
    grants: noGrantOperations,
    scrape: telemetry.scrape,
    scrapeContentType: telemetry.contentType,
    onRefused: (peer) => log.push(peer),
    onFault: (error) => log.push(String(error)),
  });
  const bound = await admin.start();
  t.after(() => admin.stop(0));
  assert.ok(bound.kind === 'tcp');
  const metricsUrl = `http://127.0.0.1:${bound.port}/metrics`;
  const scrape = async (): Promise<string> => (await fetch(metricsUrl)).text();
  return { telemetry, recorder, scrape, log };
}

async function directoryFor(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'sallyport-trail-'));
  t.after(() => rm(directory, { recursive: true }));
  return directory;
}

test('what was decided is in the file and in the metrics, and no secret is in either', async (t) => {
  const path = join(await directoryFor(t), 'decisions.jsonl');
  const { telemetry, recorder, scrape, log } = await startTrail(t, path);
  const headers = { cookie: 'secret-1', 'x-tenant': 'blue' };
  const headerMap = { headers: [{ key: 'authorization', rawValue: Buffer.from('secret-2') }] };
  const document = {
    attributes: { request: { http: { headers } } },
    parsed_body: { pin: 'secret-3' },
  };
  for (let count = 0; count < 500; count += 1) {
    const allowed = completedCheck({
      decision: allowance,
      check: { id: `allowed-${count}`, verdict: verdictOn(document) },
    });
    const denied = completedCheck({
      decision: new Denial('unauthenticated', 'no principal'),
      check: { id: `denied-${count}`, attributes: { request: { http: { headers, headerMap } } } },
    });
    for (const completed of [allowed, denied]) {
      recorder.record(completed);
      telemetry.observer.observe(completed);
    }
  }
  await recorder.close();

  const text = await readFile(path, 'utf8');
  const records = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as JsonObject);
  assert.equal(records.length, 1000);
  assert.equal(records[998]?.['decision_id'], 'allowed-499');
  const metrics = await scrape();
  assert.match(metrics, /^sallyport_checks_total\{outcome="allow",reason="allowed"\} 500$/m);
  assert.match(metrics, /^sallyport_checks_total\{outcome="deny",reason="unauthenticated"\} 500$/m);
  assert.doesNotMatch(text + metrics, /secret|c2VjcmV0/);
  assert.match(text, /"x-tenant":"blue"/);
  assert.deepEqual(log, []);
});

test('a full disk shows in the metrics and changes nothing else', async (t) => {
  const path = join(await directoryFor(t), 'decisions.jsonl');
  await symlink('/dev/full', path);
  const { recorder, scrape, log } = await startTrail(t, path);
  for (let count = 0; count < 25; count += 1) recorder.record(completedCheck());
  await recorder.close();
  assert.match(
    await scrape(),
    /^sallyport_audit_dropped_total\{sink="file",cause="write_failed"\} 25$/m,
  );
  assert.deepEqual(log, ['file failing']);
});
