import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { JsonObject } from '../../../../src/domain/json.ts';
import { FakeWorld } from '../fake-context.ts';

const startMs = Date.UTC(2026, 0, 1);
const caller = 'spiffe://shop.example/ns/shop/sa/web';

interface Recorded {
  readonly atMs?: number;
  readonly reason?: string;
  readonly path?: string;
  readonly by?: string;
  readonly limits?: readonly JsonObject[];
  readonly result?: JsonObject;
}

/** A record as the server writes them, with what a simulation looks at. */
function record({
  atMs = 0,
  reason = 'allowed',
  path = '/orders',
  by = caller,
  ...rest
}: Recorded): JsonObject {
  return {
    decision_id: '1',
    timestamp: new Date(startMs + atMs).toISOString(),
    outcome: reason === 'allowed' ? 'allow' : 'deny',
    reason,
    caller: { principal: by, source: 'peer' },
    input: {
      attributes: {
        request: { http: { method: 'GET', path, host: 'shop', headers: { 'x-tenant': 'acme' } } },
        contextExtensions: { service: 'orders' },
      },
    },
    ...rest,
  };
}

const twoAMinute = { name: 'two', match: { service: 'orders' }, rate: '2/1m' };

async function simulate(
  t: TestContext,
  lines: readonly (JsonObject | string)[],
  limits: readonly object[] = [twoAMinute],
  ...args: string[]
) {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-simulate-'));
  t.after(() => {
    rmSync(directory, { recursive: true });
  });
  const [log, file] = [join(directory, 'log.jsonl'), join(directory, 'limits.yaml')];
  const texts = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line)));
  writeFileSync(log, `${texts.join('\n')}\n`);
  writeFileSync(file, JSON.stringify({ version: 1, limits }));
  const world = new FakeWorld();
  const status = await world.run('limits', 'simulate', '--log', log, '--limits', file, ...args);
  return { status, stdout: world.stdout, stderr: world.stderr };
}

test('requests are counted at the times at which they came', async (t) => {
  const times = [0, 1000, 2000, 31_000, 32_000];
  const lines = times.map((atMs) => record({ atMs }));
  const { status, stdout } = await simulate(t, lines);
  assert.equal(status, 1, 'some would fare otherwise');
  assert.match(stdout, /requests +5, 2026-01-01T00:00:00\.000Z to 2026-01-01T00:00:32/);
  assert.match(stdout, /refused +2 would be, 0 were\n +difference +2 newly refused/);
  assert.match(stdout, /two +5 +2 +0 +2026-01-01T00:00:02\.000Z/);
  assert.match(stdout, /two would refuse most often:\n +2 +caller=spiffe:\/\/shop/);
});

test('what the limits of then refused may be admitted, and no difference is status 0', async (t) => {
  const over = [{ name: 'two', result: 'over', mode: 'enforce', remaining: 0 }];
  const refused = record({ reason: 'rate_limited', limits: over });
  const admitted = await simulate(t, [refused], [twoAMinute], '--json');
  assert.equal(admitted.status, 1);
  const report = JSON.parse(admitted.stdout) as { newlyAdmitted: number; limits: JsonObject[] };
  assert.deepEqual([report.newlyAdmitted, report.limits[0]?.['wasRefused']], [1, 1]);
  assert.equal((await simulate(t, [record({}), record({}), refused])).status, 0);
});

test('limits that a policy or a rule named are asked, with the policy’s key and cost', async (t) => {
  const limits = [
    { name: 'named', rate: '5/1m' },
    { name: 'ruled', by: ['header:x-tenant'], rate: '1/1m' },
  ];
  const result = { allowed: true, limits: [{ name: 'named', key: 'k', cost: 3 }] };
  const asked = [{ name: 'ruled', result: 'within', mode: 'enforce', remaining: 1 }];
  const lines = [record({ result }), record({ result, by: 'b' }), record({ limits: asked })];
  const { stdout } = await simulate(t, [...lines, record({ limits: asked, by: 'c' })], limits);
  assert.match(stdout, /named +2 +1 +0/);
  assert.match(stdout, /key=k/);
  assert.match(stdout, /ruled +2 +1 +0/);
  assert.match(stdout, /header:x-tenant=acme/);
});

test('a limit that the policy named and the new file lacks would refuse', async (t) => {
  const result = { allowed: true, limits: [{ name: 'gone' }] };
  const { stdout } = await simulate(t, [record({ result })]);
  assert.match(stdout, /1 newly refused/);
});

test('lines that are no records are named and left out, and so are checks that came to no limit', async (t) => {
  const event = { event: 'limit_override_began', labels: {}, timestamp: 'x' };
  const lines = [
    'not json',
    '[]',
    { ...record({}), timestamp: 'yesterday' },
    { ...record({}), input: { attributes: null } },
    record({ path: 'no-slash' }),
    event,
    record({ reason: 'policy_denied' }),
    record({}),
  ];
  const { status, stdout, stderr } = await simulate(t, lines);
  assert.equal(status, 0);
  assert.match(stdout, /requests +1,/);
  assert.match(stdout, /left out +1 refused before their limits, 5 bad lines/);
  assert.match(stderr, /log\.jsonl:1: is not a JSON object; left out\n.*:2: is not/);
  assert.match(stderr, /:3: has no timestamp.*\n.*:4: has no input.*\n.*:5: the path does not/);
});

test('what cannot be asked is status 2, with the reason', async (t) => {
  const otherLog = await simulate(t, ['2026-01-01 started', '2026-01-02 ended']);
  assert.equal(otherLog.status, 2);
  assert.match(otherLog.stderr, /log\.jsonl has no decision records/);
  const bad = await simulate(t, [], [{ name: 'two', rate: 'often' }]);
  assert.equal(bad.status, 2);
  assert.match(bad.stderr, /limits\.yaml:1: limits\[0\]\.rate: must be/);
  const world = new FakeWorld();
  assert.equal(await world.run('limits', 'simulate', '--log', '/nowhere'), 2);
  assert.match(world.stderr, /\/nowhere cannot be read/);
});
