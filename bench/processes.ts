import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { CannotMeasure } from './cannot-measure.ts';

export interface BenchProcess {
  readonly pid: number;
  /** Why the process is gone, or undefined while it runs. */
  end(): string | undefined;
}

/** Every process that the bench starts, so that none outlives it. */
export interface BenchProcesses {
  /** Starts a process that runs until `stopAll`. */
  start(
    command: string,
    args: readonly string[],
    environment?: Readonly<Record<string, string>>,
  ): Promise<BenchProcess>;
  /** Runs a process to its end and gives what it wrote to stdout. */
  run(command: string, args: readonly string[], timeoutMs: number): Promise<string>;
  stopAll(): Promise<void>;
}

const stopTimeoutMs = 5_000;
/** Of what a failing process wrote, this much is shown. */
const shownCharacters = 2_000;

export function createBenchProcesses(): BenchProcesses {
  const running = new Set<ChildProcess>();

  async function spawned(
    command: string,
    args: readonly string[],
    environment?: Readonly<Record<string, string>>,
  ): Promise<ChildProcess> {
    const env = { ...process.env, ...environment };
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env });
    running.add(child);
    child.once('exit', () => running.delete(child));
    child.once('error', () => running.delete(child));
    await once(child, 'spawn').catch((error: unknown) => {
      throw missing(command, error);
    });
    return child;
  }

  return {
    async start(command, args, environment) {
      const child = await spawned(command, args, environment);
      const complaint = tailOf(child.stderr);
      // Read and forgotten: a full pipe would stop the process.
      child.stdout?.resume();
      return { pid: pidOf(child), end: () => endOf(child, complaint()) };
    },

    async run(command, args, timeoutMs) {
      const child = await spawned(command, args);
      const written: string[] = [];
      child.stdout?.setEncoding('utf8').on('data', (text: string) => written.push(text));
      const complaint = tailOf(child.stderr);
      const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
      await once(child, 'close').finally(() => {
        clearTimeout(timer);
      });
      if (child.exitCode !== 0) {
        throw new CannotMeasure(`${command} failed: ${endOf(child, complaint()) ?? 'it runs'}`);
      }
      return written.join('');
    },

    async stopAll() {
      await Promise.all([...running].map(stop));
    },
  };
}

const packages: Readonly<Record<string, string>> = {
  h2load: 'nghttp2-client',
  'redis-server': 'redis-server',
  'redis-benchmark': 'redis-tools',
  'redis-cli': 'redis-tools',
};

function missing(command: string, error: unknown): CannotMeasure {
  const name = packages[command];
  const advice = name === undefined ? String(error) : `install it: apt-get install ${name}`;
  return new CannotMeasure(`${command} cannot be started; ${advice}`);
}

async function stop(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs);
  await exited;
  clearTimeout(timer);
}

function pidOf(child: ChildProcess): number {
  if (child.pid === undefined) throw new Error('a spawned process has a pid');
  return child.pid;
}

function endOf(child: ChildProcess, complaint: string): string | undefined {
  if (child.exitCode === null && child.signalCode === null) return undefined;
  return `it ended with ${child.signalCode ?? `status ${child.exitCode ?? 0}`}\n${complaint}`;
}

function tailOf(stream: ChildProcess['stderr']): () => string {
  let tail = '';
  stream?.setEncoding('utf8').on('data', (text: string) => {
    tail = (tail + text).slice(-shownCharacters);
  });
  return () => tail;
}
