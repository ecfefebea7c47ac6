import { formatTable } from './table.ts';

/** What is read of a V8 CPU profile: `*.cpuprofile`, as `node --cpu-prof` writes it. */
export interface CpuProfile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: CallFrame }[];
  /** The node that ran at each sample, and the microseconds since the sample before. */
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

interface CallFrame {
  readonly functionName: string;
  readonly url: string;
  readonly lineNumber: number;
}

const shownAreas = 20;
const shownFunctions = 40;
const pauses = new Set(['(idle)', '(root)']);

/** Where the time went, by area and by function, in percent of the time that was not idle. */
export function formatProfile(profile: CpuProfile): string {
  const frames = new Map(profile.nodes.map(({ id, callFrame }) => [id, callFrame]));
  const areas = new Map<string, number>();
  const functions = new Map<string, number>();
  let busy = 0;
  for (const [index, id] of profile.samples.entries()) {
    const frame = frames.get(id);
    if (frame === undefined || pauses.has(frame.functionName)) continue;
    const micros = profile.timeDeltas[index] ?? 0;
    busy += micros;
    add(areas, areaOf(frame), micros);
    add(functions, placeOf(frame), micros);
  }
  return [
    formatShares('area', areas, busy, shownAreas),
    formatShares('function', functions, busy, shownFunctions),
  ].join('\n\n');
}

/** A folder of ours, an outside package, a part of Node, or V8 itself. */
export function areaOf({ functionName, url }: CallFrame): string {
  const [, name] = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url) ?? [];
  if (name !== undefined) return name;
  const [, own] = /\/(src\/[^/]+)/.exec(url) ?? [];
  if (own !== undefined) return own;
  if (url.startsWith('wasm:')) return 'wasm';
  if (functionName.startsWith('RegExp: ')) return 'regular expressions';
  const [, builtin] = /^node:(internal\/[^/]+|[^/]+)/.exec(url) ?? [];
  return builtin === undefined ? functionName || 'native' : `node:${builtin}`;
}

function placeOf({ functionName, url, lineNumber }: CallFrame): string {
  const file = url.replace(/^.*\/(?=src\/|node_modules\/)/, '').replace('node_modules/', '');
  return file === '' ? functionName : `${functionName || '(anonymous)'} ${file}:${lineNumber + 1}`;
}

function formatShares(
  title: string,
  micros: ReadonlyMap<string, number>,
  busy: number,
  most: number,
): string {
  const rows = [...micros]
    .toSorted(([, left], [, right]) => right - left)
    .slice(0, most)
    .map(([name, value]) => [name, ((100 * value) / busy).toFixed(1)]);
  return formatTable([[title, '%'], ...rows]);
}

function add(sums: Map<string, number>, name: string, value: number): void {
  sums.set(name, (sums.get(name) ?? 0) + value);
}
