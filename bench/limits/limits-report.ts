import { ratiosOf, type Spread, spreadOf } from '../statistics.ts';
import { formatTable } from '../table.ts';
import { wholeCheck } from './contenders.ts';
import type { MeasuredContender, Shape } from './slices.ts';

/** The target of issue 5: so many times the decisions a second and core of envoyproxy/ratelimit. */
const yardstick = 'envoyproxy/ratelimit';

export function limitsReport(measured: readonly MeasuredContender[], shape: Shape): string {
  const head = [
    '',
    'limits',
    'decisions/s',
    'CPU µs a decision',
    'of it limits',
    'Redis CPU µs',
    `× ${yardstick}`,
  ];
  return [
    `${shape.rounds} rounds of ${shape.requests} decisions each, in turn. Medians ` +
      '(smallest–largest). `of it limits`: more than the same server without any limit.',
    `The last column: decisions a second and core of the server, as a multiple of ${yardstick}’s.`,
    '',
    formatTable([head, ...measured.map((row) => cellsOf(row, measured))]),
    '',
    ...[1, 3].flatMap((limits) => insideText(measured, limits)),
  ].join('\n');
}

function cellsOf(row: MeasuredContender, all: readonly MeasuredContender[]): string[] {
  const micros = microsOf(row);
  const without = all.find(({ name, limits }) => name === row.name && limits === 0);
  const peer = all.find(({ name, limits }) => name === yardstick && limits === row.limits);
  return [
    row.name,
    String(row.limits),
    text(spreadOf(row.slices.map(({ decisionsPerSecond }) => decisionsPerSecond)), 0),
    micros.length === 0 ? '-' : text(spreadOf(micros), 1),
    without === undefined || row.limits === 0
      ? '-'
      : text(spreadOf(differences(micros, microsOf(without))), 1),
    text(spreadOf(row.slices.map((slice) => slice.redisMicrosPerDecision)), 1),
    peer === undefined || micros.length === 0 ? '-' : text(ratiosOf(microsOf(peer), micros), 2),
  ];
}

/** What limits cost where a check is made anyway, beside asking another server for them. */
function insideText(all: readonly MeasuredContender[], count: number): string[] {
  const row = (name: string, limits: number): MeasuredContender | undefined =>
    all.find((each) => each.name === name && each.limits === limits);
  const counted = row(wholeCheck, count);
  const without = row(wholeCheck, 0);
  const peer = row(yardstick, count);
  if (counted === undefined || without === undefined || peer === undefined) return [];
  const added = medianOf(counted) - medianOf(without);
  const times = medianOf(peer) / added;
  return [
    `Limits: ${count}. To a check that is made anyway they add ${added.toFixed(1)} µs; asking ` +
      `${yardstick} for them costs it ${times.toFixed(1)} times that, and the proxy a second call.`,
  ];
}

function medianOf(row: MeasuredContender): number {
  return spreadOf(microsOf(row)).median;
}

function microsOf({ slices }: MeasuredContender): number[] {
  return slices.flatMap(({ microsPerDecision }) => microsPerDecision ?? []);
}

/** Of the slices of one round, which were taken moments apart. */
function differences(values: readonly number[], others: readonly number[]): number[] {
  return values.map((value, round) => value - (others[round] ?? Number.NaN));
}

function text({ median, min, max }: Spread, digits: number): string {
  return `${median.toFixed(digits)} (${min.toFixed(digits)}–${max.toFixed(digits)})`;
}
