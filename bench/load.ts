import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CannotMeasure } from './cannot-measure.ts';
import { encodeCheckRequest, grpcFrame } from './check-request.ts';
import { type Identities, issueIdentities } from './identities.ts';
import type { BenchOptions } from './options.ts';
import { firstAllow } from './probe.ts';
import { type BenchProcesses, createBenchProcesses } from './processes.ts';
import { startRedis } from './redis.ts';
import { type Report, reportOf } from './report.ts';
import { measureInTurn } from './rounds.ts';
import { type Server, startBaseline, startSallyport } from './servers.ts';
import type { VariantName } from './variants.ts';

const startTimeoutMs = 20_000;

/** Starts what is to be measured, measures it, and leaves nothing behind. */
export async function measureLoad(
  options: BenchOptions,
  say: (progress: string) => void,
): Promise<Report> {
  const processes = createBenchProcesses();
  const interrupted = () => void processes.stopAll();
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted);
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-bench-'));
  let issued: Identities | undefined;
  const identities = (): Identities => (issued ??= issueIdentities());
  try {
    await processes.run('h2load', ['--version'], 5_000);
    const contenders = [];
    for (const server of await startServers(processes, options, folder, identities)) {
      const request = server.request ?? encodeCheckRequest();
      const bodyFile = join(folder, `check-request-${server.name}.bin`);
      writeFileSync(bodyFile, grpcFrame(request));
      const answerBytes = await firstAllow(server, request, startTimeoutMs);
      contenders.push({ server, bodyFile, answerBytes });
    }
    const { rounds, requests, warmUp, connections, streams } = options;
    const shape = { rounds, requests, warmUp, connections, streams };
    return reportOf(await measureInTurn(processes, contenders, shape, folder, say), shape);
  } finally {
    await processes.stopAll();
    issued?.remove();
    rmSync(folder, { recursive: true });
  }
}

async function startServers(
  processes: BenchProcesses,
  options: BenchOptions,
  folder: string,
  identities: () => Identities,
): Promise<Server[]> {
  const redisSocket = join(folder, 'redis.sock');
  let redis: Promise<unknown> | undefined;
  const sallyport = (variant?: VariantName) => async () => {
    await (redis ??= startRedis(processes, redisSocket));
    return startSallyport(processes, {
      variant,
      folder,
      redisSocket,
      identities,
      profileFolder: options.profile,
    });
  };
  const starts = new Map<string, () => Promise<Server>>([
    ['baseline', () => startBaseline(processes)],
    ['sallyport', sallyport()],
    ...options.variants.map((name) => [name, sallyport(name)] as const),
    ...options.peers.map((peer) => [peer.name, () => Promise.resolve(peer)] as const),
  ]);
  mustExist(options.only, [...starts.keys()]);
  const servers: Server[] = [];
  for (const [name, start] of starts) {
    if (options.only.length === 0 || options.only.includes(name)) servers.push(await start());
  }
  return servers;
}

function mustExist(wanted: readonly string[], known: readonly string[]): void {
  const unknown = wanted.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new CannotMeasure(`--only ${unknown}: there are ${known.join(', ')}`);
  }
}
