import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { Peer } from './options.ts';
import type { BenchProcesses } from './processes.ts';
import type { Identities } from './identities.ts';
import {
  checkOf,
  type SallyportPlaces,
  sallyportConfiguration,
  type VariantName,
} from './variants.ts';

/** A server under measurement. */
export interface Server extends Peer {
  /** Why a server that the bench started is gone. */
  end?(): string | undefined;
  /** How many checks the server says that it has allowed. */
  countAllowed?(): Promise<number>;
  /** What it is asked; absent: the same as all others. */
  readonly request?: Buffer | undefined;
}

export interface SallyportOptions {
  readonly variant: VariantName | undefined;
  /** A folder of this run; each server gets one of its own inside. */
  readonly folder: string;
  readonly redisSocket: string;
  /** For the variants that need certificates. */
  readonly identities: () => Identities;
  /** Where V8 profiles go, if they are wanted. */
  readonly profileFolder: string | undefined;
  /** Instead of the one limit that is measured otherwise. */
  readonly limitsFile?: string;
}

export async function startBaseline(processes: BenchProcesses): Promise<Server> {
  const address = await freeAddress();
  const program = fileURLToPath(new URL('baseline.ts', import.meta.url));
  const started = await processes.start(process.execPath, [program, address]);
  return { name: 'baseline', address, ...started };
}

export async function startSallyport(
  processes: BenchProcesses,
  options: SallyportOptions,
): Promise<Server> {
  const name = options.variant ?? 'sallyport';
  const folder = join(options.folder, name);
  mkdirSync(folder);
  const places = {
    folder,
    address: await freeAddress(),
    adminAddress: await freeAddress(),
    redisSocket: options.redisSocket,
    ...(options.variant === 'tls' && { identities: options.identities() }),
  };
  const file = join(folder, 'sallyport.yaml');
  const configuration = {
    ...sallyportConfiguration(places, options.variant),
    ...(options.limitsFile !== undefined && { limits: options.limitsFile }),
  };
  writeFileSync(file, JSON.stringify(configuration, null, 2));
  const program = fileURLToPath(new URL('../src/main.ts', import.meta.url));
  const started = await processes.start(process.execPath, [
    ...profiling(options.profileFolder, name),
    program,
    'serve',
    '-c',
    file,
  ]);
  return {
    name,
    address: await roadTo(processes, places),
    request: checkOf(options.variant, options.identities),
    ...started,
    countAllowed: () => allowedChecks(places.adminAddress),
  };
}

/** Where h2load goes, to reach the server. */
async function roadTo(
  processes: BenchProcesses,
  { address, identities }: SallyportPlaces,
): Promise<string> {
  if (identities === undefined) return address;
  const road = await freeAddress();
  const program = fileURLToPath(new URL('tls-road.ts', import.meta.url));
  const { authority, envoy } = identities;
  const files = [envoy.certificateFile, envoy.privateKeyFile, authority.certificateFile];
  await processes.start(process.execPath, [program, road, address, ...files]);
  return road;
}

/** Reads `sallyport_checks_total` for allowed checks from the metrics. */
async function allowedChecks(adminAddress: string): Promise<number> {
  // A connection of its own: one that was kept may be closing while the load runs.
  const request = get(`http://${adminAddress}/metrics`, { agent: false });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const metrics = await text(response);
  const sample = /^sallyport_checks_total\{[^}]*outcome="allow"[^}]*\} (\d+)$/m.exec(metrics);
  return Number(sample?.[1] ?? 0);
}

function profiling(folder: string | undefined, name: string): string[] {
  if (folder === undefined) return [];
  return ['--cpu-prof', `--cpu-prof-dir=${folder}`, `--cpu-prof-name=${name}.cpuprofile`];
}

/** A loopback address that was free a moment ago. */
export async function freeAddress(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('a TCP socket has a port');
  return `127.0.0.1:${address.port}`;
}
