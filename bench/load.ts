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
import { type Measured, measureInTurn } from './rounds.ts';
import { type Server, startBaseline, startSallyport } from './servers.ts';
import type { VariantName } from './variants.ts';

const startTimeoutMs = 20_000;

/**
 * Starts what is to be measured, measures it, and leaves nothing behind; and that again, because a
 * process keeps for its life a speed that another of the same program need not have.
 */
export async function measureLoad(
  options: BenchOptions,
  say: (progress: string) => void,
): Promise<Report> {
  const launches: (readonly Measured[])[] = [];
  for (let launch = 1; launch <= options.launches; launch += 1) {
    say(`launch ${launch} of ${options.launches}`);
    launches.push(await measureLaunch(options, say));
  }
  return reportOf(allLaunches(launches), options);
}

function allLaunches(launches: readonly (readonly Measured[])[]): readonly Measured[] {
  const byName = Map.groupBy(launches.flat(), ({ name }) => name);
  return Array.from(byName, ([name, parts]) => ({
    name,
    slices: parts.flatMap(({ slices }) => slices),
  }));
}

async function measureLaunch(
  options: BenchOptions,
  say: (progress: string) => void,
): Promise<readonly Measured[]> {
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
    return await measureInTurn(processes, contenders, options, folder, say);
  } finally {
    process.off('SIGINT', interrupted).off('SIGTERM', interrupted);
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
