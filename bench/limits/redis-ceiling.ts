import { createHash } from 'node:crypto';
import { takeScript } from '../../src/limits/stores/take-script.ts';
import { CannotMeasure } from '../cannot-measure.ts';
import type { BenchProcesses } from '../processes.ts';
import type { Contender } from './contenders.ts';
import { callers, type LimitCount } from './measured-limits.ts';

/** As many as one call of ours takes together. */
const requestsPerCall = 64;
const clients = 8;
const timeoutMs = 120_000;

/** What the Redis can do for the script, when nothing but redis-benchmark stands before it. */
export async function openCeiling(
  processes: BenchProcesses,
  socket: string,
): Promise<(limits: LimitCount) => Contender> {
  await processes.run('redis-cli', ['-s', socket, 'SCRIPT', 'LOAD', takeScript], timeoutMs);
  return (limits) => ({
    name: 'redis-benchmark, our script',
    limits,
    async decide(requests) {
      const calls = Math.ceil(requests / requestsPerCall);
      const options = ['-s', socket, '-c', String(clients), '-n', String(calls), '--csv'];
      const random = ['-r', String(callers)];
      const written = await processes.run(
        'redis-benchmark',
        [...options, ...random, ...callOf(limits)],
        timeoutMs,
      );
      if (/error/i.test(written)) throw new CannotMeasure(`redis-benchmark: ${written}`);
    },
  });
}

/** redis-benchmark puts a number below `-r` for each `__rand_int__`. */
function callOf(limits: LimitCount): string[] {
  const keys: string[] = [];
  const args: string[] = [];
  for (let request = 0; request < requestsPerCall; request += 1) {
    args.push(String(limits));
    for (let limit = 0; limit < limits; limit += 1) {
      keys.push(`ceiling-${limit}:__rand_int__`);
      // 100,000 an hour, as a charge of ours reads: amount, capacity, ceiling, enforced.
      args.push('36000', '3600000000', '3600000000', '1');
    }
  }
  const sha = createHash('sha1').update(takeScript).digest('hex');
  return ['EVALSHA', sha, String(keys.length), ...keys, ...args];
}
