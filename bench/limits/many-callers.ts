import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { systemClock } from '../../src/domain/clock.ts';
import { paceOf } from '../../src/limits/gcra.ts';
import { MemoryLimitStore } from '../../src/limits/stores/memory-store.ts';
import { RedisLimitStore } from '../../src/limits/stores/redis-store.ts';
import type { Charge, LimitStore } from '../../src/limits/stores/store.ts';
import { createRedisConnection } from '../../src/shared-state/redis-connection.ts';
import { redisSettings, unobserved } from '../../test/setup/redis-settings.ts';
import { until } from '../../test/setup/until.ts';
import { cpuMicros } from '../cpu-time.ts';
import type { BenchProcess, BenchProcesses } from '../processes.ts';
import { formatTable } from '../table.ts';

const few = 1_000;
const many = 1_000_000;
const takes = 200_000;
/** Calls of Redis are taken together, as they are under load. */
const atOnce = 256;

interface Filled {
  readonly name: string;
  readonly callers: number;
  readonly bytesPerCaller: number;
  /** CPU of this process, and of Redis where that counts. */
  readonly microsPerTake: number;
  readonly redisMicrosPerTake?: number;
}

/** What it takes to hold a thousand callers, a million, and a flood of more than a store may hold. */
export async function measureManyCallers(
  processes: BenchProcesses,
  redis: BenchProcess,
  socket: string,
): Promise<readonly Filled[]> {
  const flooded = await fillMemory(many);
  return [
    (await fillMemory(few)).filled,
    flooded.filled,
    flood(flooded.store),
    await fillRedis(processes, redis, socket, few),
    await fillRedis(processes, redis, socket, many),
  ];
}

export function manyCallersTable(rows: readonly Filled[]): string {
  const head = ['', 'callers', 'bytes a caller', 'CPU µs a take', 'Redis CPU µs'];
  const cells = rows.map((row) => [
    row.name,
    String(row.callers),
    row.bytesPerCaller.toFixed(0),
    row.microsPerTake.toFixed(2),
    row.redisMicrosPerTake?.toFixed(1) ?? '-',
  ]);
  return formatTable([head, ...cells]);
}

async function fillMemory(callers: number): Promise<{ filled: Filled; store: MemoryLimitStore }> {
  const before = heapBytes();
  const store = new MemoryLimitStore(systemClock);
  await takeAll(store, callers, (index) => index);
  const bytesPerCaller = (heapBytes() - before) / callers;
  const startedMicros = cpuMicros(process.pid);
  await takeAll(store, takes, () => Math.floor(Math.random() * callers));
  const microsPerTake = (cpuMicros(process.pid) - startedMicros) / takes;
  return { filled: { name: 'in memory', callers, bytesPerCaller, microsPerTake }, store };
}

/** Twice as many again, all invented: the store is full, and each displaces another. */
function flood(store: MemoryLimitStore): Filled {
  const before = heapBytes();
  const startedMicros = cpuMicros(process.pid);
  for (let index = 0; index < 2 * many; index += 1) store.take([chargeOf(many + index)]);
  const microsPerTake = (cpuMicros(process.pid) - startedMicros) / (2 * many);
  const bytesPerCaller = (heapBytes() - before) / (2 * many);
  return { name: '… 2,000,000 more', callers: store.size, bytesPerCaller, microsPerTake };
}

async function fillRedis(
  processes: BenchProcesses,
  redis: BenchProcess,
  socket: string,
  callers: number,
): Promise<Filled> {
  const ask = async (...command: string[]): Promise<string> =>
    processes.run('redis-cli', ['-s', socket, ...command], 60_000);
  const usedBytes = async (): Promise<number> =>
    Number(/^used_memory:(\d+)/m.exec(await ask('INFO', 'memory'))?.[1]);
  await ask('FLUSHALL', 'SYNC');
  const connection = createRedisConnection(
    redisSettings({ kind: 'standalone', url: `unix:${socket}` }, { commandTimeoutMs: 10_000 }),
    { connected: () => {}, lost: () => {}, renewalFailed: () => {} },
  );
  try {
    await until('Redis is up', () => connection.isUp());
    const options = { keyPrefix: 'sallyport:', isCluster: false, observer: unobserved };
    const store = new RedisLimitStore(connection, options, systemClock);
    const before = await usedBytes();
    await takeAll(store, callers, (index) => index);
    const bytesPerCaller = ((await usedBytes()) - before) / callers;
    const started = { own: cpuMicros(process.pid), redis: cpuMicros(redis.pid) };
    await takeAll(store, takes, () => Math.floor(Math.random() * callers));
    return {
      name: 'in Redis',
      callers,
      bytesPerCaller,
      microsPerTake: (cpuMicros(process.pid) - started.own) / takes,
      redisMicrosPerTake: (cpuMicros(redis.pid) - started.redis) / takes,
    };
  } finally {
    connection.close();
  }
}

async function takeAll(
  store: LimitStore,
  count: number,
  callerOf: (index: number) => number,
): Promise<void> {
  for (let taken = 0; taken < count; taken += atOnce) {
    const asked: unknown[] = [];
    for (let index = taken; index < Math.min(taken + atOnce, count); index += 1) {
      const answer = store.take([chargeOf(callerOf(index))], Infinity);
      if (answer instanceof Promise) asked.push(answer);
    }
    if (asked.length > 0) await Promise.all(asked);
  }
}

/** So slow that no bucket is empty again before all are filled. */
const { intervalUs, capacityUs } = paceOf({ quota: 10, windowMs: 3_600_000, burst: 1000 });

function chargeOf(caller: number): Charge {
  const counted = `c${29 + String(caller).length}:spiffe://shop.example/${caller}`;
  return {
    key: `per-hour:${counted}`,
    counted,
    amount: intervalUs,
    capacity: capacityUs,
    ceiling: capacityUs,
    enforced: true,
  };
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function heapBytes(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}
