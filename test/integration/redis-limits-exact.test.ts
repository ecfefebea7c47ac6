import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { RedisServer } from '../setup/redis-server.ts';

const replicas = 4;
/** `REQUESTS=50000` for the whole measurement. */
const requests = Number(process.env['REQUESTS'] ?? 5000);
const run = promisify(execFile);

interface Contention {
  /** Calls of the script. */
  readonly calls: number;
  readonly admitted: number;
  readonly firstUs: number;
  readonly lastUs: number;
}

/** Four processes at once on one bucket: what they were admitted, and for how long. */
async function contend(
  amount: number,
  capacity: number,
  lease: readonly [tokens: number, forUs: number] | readonly [] = [],
): Promise<Contention> {
  const server = await new RedisServer().start();
  try {
    const program = join(import.meta.dirname, 'redis-exact-replica.ts');
    const options = [server.url, requests, amount, capacity, ...lease].map(String);
    const outputs = await Promise.all(
      Array.from({ length: replicas }, async () => run(process.execPath, [program, ...options])),
    );
    const reports = outputs.map(({ stdout }) => stdout.trim().split(' ').map(Number));
    const statistics = String(await server.command('INFO', 'commandstats'));
    return {
      calls: Number(/cmdstat_evalsha:calls=(\d+)/.exec(statistics)?.[1]),
      admitted: reports.reduce((sum, [admitted = NaN]) => sum + admitted, 0),
      firstUs: Math.min(...reports.map(([, firstUs = NaN]) => firstUs)),
      lastUs: Math.max(...reports.map(([, , lastUs = NaN]) => lastUs)),
    };
  } finally {
    await server.remove();
  }
}

test('processes that contend for a burst are admitted to its exact count', async (t) => {
  const burst = Math.floor((replicas * requests) / 2);
  const hourUs = 3_600_000_000;
  const amount = Math.floor((1000 * hourUs) / burst);
  const { admitted } = await contend(amount, burst * amount);
  t.diagnostic(`${admitted} of ${burst} admitted, ${replicas * requests} asked`);
  assert.equal(admitted, burst);
});

test('processes that contend for a rate never exceed it, and leave none of it', async (t) => {
  const perSecond = 200;
  const burst = requests;
  const amount = 1_000_000 / perSecond;
  const { admitted, firstUs, lastUs } = await contend(amount, burst * amount);
  const bound = burst + Math.floor((lastUs - firstUs) / amount);
  const used = `${((100 * admitted) / bound).toFixed(3)} %`;
  t.diagnostic(`${admitted} of ${bound} admitted, ${used}, ${replicas * requests} asked`);
  assert.ok(admitted <= bound, `${admitted} of ${bound}`);
  assert.ok(admitted >= 0.999 * bound, `${used} used`);
});

test('processes with leases never exceed the rate either, ask less, and lose little', async (t) => {
  const perSecond = 2000;
  const burst = requests;
  const amount = 1_000_000 / perSecond;
  const forUs = 50_000;
  const contention = await contend(amount, burst * amount - forUs, [100, forUs]);
  const { admitted, firstUs, lastUs, calls } = contention;
  const bound = burst + Math.floor((lastUs - firstUs) / amount);
  const used = `${((100 * admitted) / bound).toFixed(1)} %`;
  t.diagnostic(`${admitted} of ${bound} admitted, ${used}, ${calls} calls`);
  assert.ok(admitted <= bound, `${admitted} of ${bound}`);
  assert.ok(admitted >= 0.7 * bound, `${used} used`);
});
