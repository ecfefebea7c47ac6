import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { encodeCheckRequest } from '../check-request.ts';
import { issueIdentities } from '../identities.ts';
import type { BenchOptions } from '../options.ts';
import { firstAllow } from '../probe.ts';
import { type BenchProcess, type BenchProcesses, createBenchProcesses } from '../processes.ts';
import { startRedis } from '../redis.ts';
import { type Server, startSallyport } from '../servers.ts';
import {
  checkContender,
  type Contender,
  rateLimitContender,
  startLimiterAlone,
} from './contenders.ts';
import { limitsReport } from './limits-report.ts';
import { manyCallersTable, measureManyCallers } from './many-callers.ts';
import { matchingTable, measureMatching } from './matching.ts';
import { type LimitCount, limitCounts, tenantLimitsFile } from './measured-limits.ts';
import { startEnvoyRateLimit, startLimiterServer } from './rate-limit-servers.ts';
import { openCeiling } from './redis-ceiling.ts';
import { measureRounds } from './slices.ts';

const startTimeoutMs = 20_000;
const warmUpRequests = 20_000;

/** Starts what is to be measured on one Redis, measures it in turn, and leaves nothing behind. */
export async function measureLimits(
  options: BenchOptions,
  say: (progress: string) => void,
): Promise<string> {
  const processes = createBenchProcesses();
  const interrupted = () => void processes.stopAll();
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted);
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-bench-'));
  const socket = join(folder, 'redis.sock');
  const redis = await startRedis(processes, socket);
  const alone = await startLimiterAlone(socket);
  try {
    const place = { processes, folder, socket, redis };
    const contenders = [
      ...(await wireContenders(place, options)),
      ...alone.contenders,
      ...counted.map(await openCeiling(processes, socket)),
    ];
    const shape = { rounds: options.rounds, requests: options.requests, warmUp: warmUpRequests };
    const measured = await measureRounds(contenders, redis.pid, shape, say);
    say('a million callers');
    const filled = await measureManyCallers(processes, redis, socket);
    const matching = await measureMatching();
    if (options.json) return JSON.stringify({ decisions: measured, callers: filled, matching });
    const tables = [
      limitsReport(measured, shape),
      manyCallersTable(filled),
      matchingTable(matching),
    ];
    return tables.join('\n\n');
  } finally {
    alone.stop();
    await processes.stopAll();
    rmSync(folder, { recursive: true });
  }
}

const counted = limitCounts.filter((count) => count > 0);

interface Place {
  readonly processes: BenchProcesses;
  readonly folder: string;
  readonly socket: string;
  readonly redis: BenchProcess;
}

/** Everything that is asked over gRPC, with the same load. */
async function wireContenders(place: Place, options: BenchOptions): Promise<Contender[]> {
  const { processes, folder, socket } = place;
  const peer = await startEnvoyRateLimit(processes, folder, socket);
  const own = await startLimiterServer(processes, socket);
  // Neither says when it listens.
  await sleep(2_000);
  const contenders: Contender[] = [];
  for (const count of limitCounts) {
    contenders.push(rateLimitContender(peer, count, options));
    contenders.push(rateLimitContender(own, count, options));
    contenders.push(checkContender(await wholeSallyport(place, count), count, options));
  }
  return contenders;
}

async function wholeSallyport(place: Place, count: LimitCount): Promise<Server> {
  const { processes, socket: redisSocket } = place;
  const folder = join(place.folder, `sallyport-${count}`);
  mkdirSync(folder);
  const limitsFile = join(folder, 'limits.yaml');
  writeFileSync(limitsFile, tenantLimitsFile(count));
  const server = await startSallyport(processes, {
    folder,
    redisSocket,
    identities: issueIdentities,
    profileFolder: undefined,
    ...(count === 0 ? { variant: 'no-limits' } : { variant: undefined, limitsFile }),
  });
  await firstAllow(server, encodeCheckRequest(), startTimeoutMs);
  return server;
}
