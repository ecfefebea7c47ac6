import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { CannotMeasure } from './cannot-measure.ts';
import type { BenchProcess, BenchProcesses } from './processes.ts';

const startTimeoutMs = 5_000;
const pauseMs = 20;

/** Starts a Redis that keeps nothing, and waits until it listens on `socket`. */
export async function startRedis(processes: BenchProcesses, socket: string): Promise<BenchProcess> {
  const options = ['--port', '0', '--unixsocket', socket, '--save', '', '--appendonly', 'no'];
  const redis = await processes.start('redis-server', options);
  const stopAt = performance.now() + startTimeoutMs;
  while (!existsSync(socket)) {
    const end = redis.end() ?? (performance.now() > stopAt ? 'it does not listen' : undefined);
    if (end !== undefined) throw new CannotMeasure(`redis-server did not start: ${end}`);
    await sleep(pauseMs);
  }
  return redis;
}
