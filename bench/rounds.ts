import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CannotMeasure } from './cannot-measure.ts';
import { cpuMicros } from './cpu-time.ts';
import { type LoadResult, runH2load } from './h2load.ts';
import type { BenchProcesses } from './processes.ts';
import type { Server } from './servers.ts';

export interface Rounds {
  readonly rounds: number;
  readonly requests: number;
  readonly warmUp: number;
  readonly connections: number;
  readonly streams: number;
}

/** A server, what it is asked, and the bytes that its answer took when it was asked alone. */
export interface Contender {
  readonly server: Server;
  readonly bodyFile: string;
  readonly answerBytes: number;
}

export interface Slice extends LoadResult {
  readonly cpuMicrosPerCheck: number;
}

export interface Measured {
  readonly name: string;
  /** One a round. */
  readonly slices: readonly Slice[];
}

/** Records and metrics are written a moment after the answers; they belong to the slice. */
const settleMs = 250;
/** Answers differ by the digits of what is left of a limit, not by more. */
const lengthTolerance = 0.05;

/** Warms every server up, then takes their slices in turn: A B C A B C … */
export async function measureInTurn(
  processes: BenchProcesses,
  contenders: readonly Contender[],
  options: Rounds,
  folder: string,
  say: (progress: string) => void,
): Promise<Measured[]> {
  const { connections, streams } = options;
  const load = { connections, streams, logFile: join(folder, 'h2load.tsv') };
  const measure = (contender: Contender, requests: number) =>
    measureSlice(processes, contender, { ...load, requests, bodyFile: contender.bodyFile }).catch(
      (error: unknown) => blame(contender.server, error),
    );

  for (const contender of contenders) {
    say(`warming ${contender.server.name} up`);
    await measure(contender, options.warmUp);
  }
  const measured = contenders.map((contender) => ({ contender, slices: [] as Slice[] }));
  for (let round = 1; round <= options.rounds; round += 1) {
    say(`round ${round} of ${options.rounds}`);
    for (const { contender, slices } of measured) {
      slices.push(await measure(contender, options.requests));
    }
  }
  return measured.map(({ contender, slices }) => ({ name: contender.server.name, slices }));
}

async function measureSlice(
  processes: BenchProcesses,
  { server, answerBytes }: Contender,
  load: Parameters<typeof runH2load>[2],
): Promise<Slice> {
  const allowedBefore = await server.countAllowed?.();
  const cpuBefore = cpuMicros(server.pid);
  const result = await runH2load(processes, server.address, load);
  await sleep(settleMs);
  const cpuMicrosPerCheck = (cpuMicros(server.pid) - cpuBefore) / load.requests;
  const allowed = difference(await server.countAllowed?.(), allowedBefore);
  mustAllow(server.name, result.bytesPerCheck / answerBytes, load.requests, allowed);
  return { ...result, cpuMicrosPerCheck };
}

/** When a server is gone, its own last words say more than what its absence broke. */
async function blame(server: Server, error: unknown): Promise<never> {
  await sleep(settleMs);
  const words = server.end?.();
  throw words === undefined ? error : new CannotMeasure(`${server.name} did not stay: ${words}`);
}

function difference(after: number | undefined, before: number | undefined): number | undefined {
  return after === undefined || before === undefined ? undefined : after - before;
}

/** HTTP 200 is no proof: a gRPC error and a denial have it too. A fast refusal is no figure. */
function mustAllow(name: string, length: number, requests: number, allowed = requests): void {
  if (allowed !== requests) {
    throw new CannotMeasure(`${name} allowed ${allowed} of ${requests} checks`);
  }
  if (Math.abs(length - 1) > lengthTolerance) {
    throw new CannotMeasure(
      `${name}'s answers under load are ${length.toFixed(2)} times as long as its first one: ` +
        'they are not all the same decision',
    );
  }
}
