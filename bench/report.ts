import { cpus } from 'node:os';
import type { Measured, Rounds, Slice } from './rounds.ts';
import { quantile, ratiosOf, type Spread, spreadOf } from './statistics.ts';
import { formatTable } from './table.ts';

/** What a run found: for the terminal, for `--json`, for the budget. */
export interface Report {
  readonly machine: { readonly cpus: number; readonly model: string; readonly node: string };
  readonly launches: number;
  readonly options: Rounds;
  readonly servers: readonly ServerReport[];
}

export interface ServerReport extends Measured {
  readonly cpuMicrosPerCheck: Spread;
  /** CPU per check as a multiple of the baseline's in the same round. */
  readonly cpuRatio?: Spread;
  readonly checksPerSecond: Spread;
  /** Medians of the slices' own quantiles. */
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export function reportOf(
  measured: readonly Measured[],
  { launches, rounds, requests, warmUp, connections, streams }: Rounds & { launches: number },
): Report {
  const baseline = measured.find(({ name }) => name === 'baseline');
  return {
    machine: { cpus: cpus().length, model: cpus()[0]?.model ?? '', node: process.version },
    launches,
    options: { rounds, requests, warmUp, connections, streams },
    servers: measured.map((server) => serverReport(server, baseline)),
  };
}

function serverReport(measured: Measured, baseline: Measured | undefined): ServerReport {
  const each = (field: keyof Slice) => measured.slices.map((slice) => slice[field]);
  const cpu = each('cpuMicrosPerCheck');
  return {
    ...measured,
    cpuMicrosPerCheck: spreadOf(cpu),
    ...(baseline !== undefined && {
      cpuRatio: ratiosOf(
        cpu,
        baseline.slices.map((slice) => slice.cpuMicrosPerCheck),
      ),
    }),
    checksPerSecond: spreadOf(each('checksPerSecond')),
    p50Ms: quantile(each('p50Ms'), 0.5),
    p99Ms: quantile(each('p99Ms'), 0.5),
  };
}

export function formatReport({ machine, launches, options, servers }: Report): string {
  const rows = servers.map((server) => [
    server.name,
    formatSpread(server.cpuMicrosPerCheck, 1),
    server.cpuRatio === undefined ? '-' : formatSpread(server.cpuRatio, 2),
    formatSpread(server.checksPerSecond, 0),
    server.p50Ms.toFixed(1),
    server.p99Ms.toFixed(1),
  ]);
  return [
    `${launches} launches, each ${options.rounds} rounds of ${options.requests} checks, ` +
      `${options.connections} connections × ${options.streams} streams, after ${options.warmUp}; ` +
      `Node ${machine.node}, ${machine.cpus} × ${machine.model}`,
    'Medians (smallest–largest); the ratio is taken round by round.',
    '',
    formatTable([['', 'CPU µs a check', '× baseline', 'checks/s', 'p50 ms', 'p99 ms'], ...rows]),
  ].join('\n');
}

function formatSpread({ median, min, max }: Spread, digits: number): string {
  return `${median.toFixed(digits)} (${min.toFixed(digits)}–${max.toFixed(digits)})`;
}
