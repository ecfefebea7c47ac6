import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

/** A real program that a test started, with everything that it said. */
export interface RunningProcess {
  readonly pid: number;
  /** What it wrote so far. */
  stdout(): string;
  stderr(): string;
  /** What it says may come after what it does: waits until its standard error has it. */
  says(pattern: RegExp): Promise<void>;
  signal(name: NodeJS.Signals): void;
  /** Its status or the signal that ended it; undefined while it runs. */
  endedWith(): number | NodeJS.Signals | undefined;
  /** Asks it to end; ends it for good when it does not within `graceMs`. */
  stop(graceMs?: number): Promise<number | NodeJS.Signals>;
}

export function startProcess(
  command: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv; uid?: number; gid?: number } = {},
): RunningProcess {
  const child = spawn(command, args, {
    ...options,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  // Not at its exit: what it said last may still be in the pipe then.
  const closed = once(child, 'close').then(() => (isClosed = true));
  let isClosed = false;
  const stdout = collect(child.stdout);
  const stderr = collect(child.stderr);
  const program: RunningProcess = {
    pid: child.pid ?? 0,
    stdout,
    stderr,
    says: async (pattern) => {
      await waitFor(String(pattern), () => pattern.test(stderr()) || undefined, { program });
    },
    endedWith: () => (isClosed ? (child.exitCode ?? child.signalCode ?? 1) : undefined),
    signal: (name) => child.kill(name),
    stop: async (graceMs = 10_000) => {
      child.kill('SIGCONT');
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
      await closed;
      clearTimeout(timer);
      return child.exitCode ?? child.signalCode ?? 1;
    },
  };
  return program;
}

/** Polls until the condition gives a value; fails with what the program said when it never does. */
export async function waitFor<T>(
  what: string,
  condition: () => Promise<T | undefined> | T | undefined,
  { program, withinMs = 20_000 }: { program?: RunningProcess; withinMs?: number } = {},
): Promise<T> {
  const deadline = performance.now() + withinMs;
  while (performance.now() < deadline && program?.endedWith() === undefined) {
    const value = await condition();
    if (value !== undefined) return value;
    await sleep(20);
  }
  const end = program?.endedWith();
  const fate = end === undefined ? `not within ${withinMs} ms` : `the program ended with ${end}`;
  throw new Error(`${what}: ${fate}\n${program?.stderr().slice(-8000) ?? ''}`);
}

function collect(stream: NodeJS.ReadableStream): () => string {
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString('utf8');
}
