import { readFile, rm } from 'node:fs/promises';
import type { BenchProcesses } from './processes.ts';
import { CannotMeasure } from './cannot-measure.ts';
import { checkPath } from './check-request.ts';
import { quantile } from './statistics.ts';

export interface Load {
  readonly requests: number;
  readonly connections: number;
  readonly streams: number;
  /** A gRPC-framed message, and a file to which h2load may write its log. */
  readonly bodyFile: string;
  readonly logFile: string;
}

export interface LoadResult {
  readonly checksPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Bytes of DATA frames a check: what an answer that is only trailers has none of. */
  readonly bytesPerCheck: number;
}

const timeoutMs = 120_000;

/** Puts one load on a server; every request must have succeeded as HTTP. */
export async function runH2load(
  processes: BenchProcesses,
  address: string,
  load: Load,
): Promise<LoadResult> {
  // h2load appends to a log that is there.
  await rm(load.logFile, { force: true });
  const report = await processes.run('h2load', argumentsOf(address, load), timeoutMs);
  const latencies = latenciesOf(await readFile(load.logFile, 'latin1'));
  return {
    ...readReport(report, load.requests),
    p50Ms: quantile(latencies, 0.5) / 1000,
    p99Ms: quantile(latencies, 0.99) / 1000,
  };
}

function argumentsOf(address: string, load: Load): string[] {
  return [
    `--requests=${load.requests}`,
    `--clients=${load.connections}`,
    `--max-concurrent-streams=${load.streams}`,
    `--data=${load.bodyFile}`,
    `--log-file=${load.logFile}`,
    '--header=content-type: application/grpc',
    '--header=te: trailers',
    // Envoy always sends one; long, because what a late answer does is not measured here.
    '--header=grpc-timeout: 5S',
    `http://${address}${checkPath}`,
  ];
}

/** Reads h2load's summary; anything but a full set of 2xx means that there is no figure. */
export function readReport(
  report: string,
  requests: number,
): Pick<LoadResult, 'checksPerSecond' | 'bytesPerCheck'> {
  const [, rate] = /finished in [^,]+, ([\d.]+) req\/s/.exec(report) ?? [];
  const [, succeeded] = /status codes: (\d+) 2xx/.exec(report) ?? [];
  const [, dataBytes] = /\((\d+)\) data/.exec(report) ?? [];
  if (rate === undefined || Number(succeeded) !== requests || dataBytes === undefined) {
    throw new CannotMeasure(`h2load did not get ${requests} answers:\n${report}`);
  }
  return { checksPerSecond: Number(rate), bytesPerCheck: Number(dataBytes) / requests };
}

/** The third column of h2load's log: microseconds until the end of the response. */
export function latenciesOf(log: string): number[] {
  return log
    .trimEnd()
    .split('\n')
    .map((line) => Number(line.slice(line.lastIndexOf('\t') + 1)));
}
