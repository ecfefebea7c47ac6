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
  readonly admitted: number;
  readonly firstUs: number;
  readonly lastUs: number;
}

/** Four processes at once on one bucket: what they were admitted, and for how long. */
async function contend(amount: number, capacity: number): Promise<Contention> {
  const server = await new RedisServer().start();
  try {
    const program = join(import.meta.dirname, 'redis-exact-replica.ts');
    const options = [server.url, requests, amount, capacity].map(String);
    const outputs = await Promise.all(
      Array.from({ length: replicas }, async () => run(process.execPath, [program, ...options])),
    );
    const reports = outputs.map(({ stdout }) => stdout.trim().split(' ').map(Number));
    return {
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
