import { parseArgs } from 'node:util';
import { CannotMeasure } from './cannot-measure.ts';
import { type VariantName, variantNames } from './variants.ts';

/** A server that somebody else started, to be measured beside ours. */
export interface Peer {
  readonly name: string;
  readonly address: string;
  readonly pid: number;
}

const modes = ['load', 'micro', 'memory', 'data', 'limits'] as const;
type BenchMode = (typeof modes)[number];

export interface BenchOptions {
  readonly mode: BenchMode | 'help';
  /** How often all servers are started. */
  readonly launches: number;
  /** Slices per server in each launch, and requests in each slice. */
  readonly rounds: number;
  readonly requests: number;
  /** Requests per server before the first slice. */
  readonly warmUp: number;
  readonly connections: number;
  /** Concurrent checks on each connection. */
  readonly streams: number;
  /** Names of the servers to measure; empty: all. */
  readonly only: readonly string[];
  readonly variants: readonly VariantName[];
  readonly peers: readonly Peer[];
  /** The most that Sallyport may cost, as a multiple of the baseline's CPU per check. */
  readonly budget: number | undefined;
  readonly json: boolean;
  /** Where to write a V8 CPU profile of every Sallyport that is measured. */
  readonly profile: string | undefined;
}

export const usage = `Usage: npm run bench -- [micro | memory | data | limits] [options]

Measures Sallyport's full check beside a gRPC server that answers fixed bytes.
\`micro\` measures the stages of a check alone, in this process, and evaluations beside
those of the npm package and of \`opa bench\`, where there is an opa;
\`memory\`, what memory 100,000 evaluations of 64 KiB take; \`data\`, how long
loading 100 MiB of data over and over keeps checks waiting, and what memory it takes;
\`limits\`, decisions of the limiter beside those of envoyproxy/ratelimit on one Redis,
and what a million callers take.

  --launches N          how often the servers are started anew and measured (3)
  --rounds N            slices per server in each launch, interleaved (3)
  --requests N          requests a slice (20000)
  --warm-up N           requests per server before the first slice (40000)
  --connections N       HTTP/2 connections (4)
  --streams N           concurrent checks a connection (16)
  --only NAME           measure only this server; repeatable
  --variant NAME        also measure Sallyport configured otherwise; repeatable:
                        ${variantNames.join(', ')}
  --peer NAME=HOST:PORT,PID
                        also measure a server that runs already; repeatable
  --budget RATIO        exit 1 when Sallyport's CPU per check is above RATIO × the baseline's
  --profile FOLDER      write a V8 CPU profile of every Sallyport (it costs some speed)
  --json                print every slice as JSON
`;

export function parseOptions(args: readonly string[]): BenchOptions {
  const { values, positionals } = parse(args);
  return {
    mode: values.help ? 'help' : modeOf(positionals),
    launches: count('launches', values.launches),
    rounds: count('rounds', values.rounds),
    requests: count('requests', values.requests),
    warmUp: count('warm-up', values['warm-up']),
    connections: count('connections', values.connections),
    streams: count('streams', values.streams),
    only: values.only,
    variants: values.variant.map(variantOf),
    peers: values.peer.map(peerOf),
    budget: values.budget === undefined ? undefined : ratio(values.budget),
    json: values.json,
    profile: values.profile,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        launches: { type: 'string', default: '3' },
        rounds: { type: 'string', default: '3' },
        requests: { type: 'string', default: '20000' },
        'warm-up': { type: 'string', default: '40000' },
        connections: { type: 'string', default: '4' },
        streams: { type: 'string', default: '16' },
        only: { type: 'string', multiple: true, default: [] },
        variant: { type: 'string', multiple: true, default: [] },
        peer: { type: 'string', multiple: true, default: [] },
        budget: { type: 'string' },
        profile: { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false, short: 'h' },
      },
    });
  } catch (error) {
    throw new CannotMeasure(
      `${error instanceof Error ? error.message : String(error)}\n\n${usage}`,
    );
  }
}

function modeOf(positionals: readonly string[]): BenchMode {
  const [wanted = 'load', ...rest] = positionals;
  const mode = modes.find((each) => each === wanted);
  if (mode !== undefined && rest.length === 0) return mode;
  throw new CannotMeasure(
    `there is nothing called ${positionals.join(' ')} to measure\n\n${usage}`,
  );
}

function count(name: string, text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new CannotMeasure(`--${name} is a whole number above 0, not ${JSON.stringify(text)}`);
}

function ratio(text: string): number {
  const value = Number(text);
  if (text !== '' && Number.isFinite(value) && value > 0) return value;
  throw new CannotMeasure(
    `--budget is a number above 0, for example 2.7, not ${JSON.stringify(text)}`,
  );
}

function variantOf(text: string): VariantName {
  const known = variantNames.find((name) => name === text);
  if (known !== undefined) return known;
  throw new CannotMeasure(
    `there is no variant ${JSON.stringify(text)}; there are ${variantNames.join(', ')}`,
  );
}

function peerOf(text: string): Peer {
  const [, name, address, pid] = /^([^=]+)=(.+:\d+),(\d+)$/.exec(text) ?? [];
  if (name === undefined || address === undefined || pid === undefined) {
    throw new CannotMeasure(
      `--peer is NAME=HOST:PORT,PID, for example opa=127.0.0.1:9191,4711, not ${JSON.stringify(text)}`,
    );
  }
  return { name, address, pid: Number(pid) };
}
