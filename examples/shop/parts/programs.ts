import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

export const run = promisify(execFile);

export interface Program {
  /** Resolves when it is gone, for whatever reason. */
  readonly ended: Promise<unknown>;
  readonly hasEnded: () => boolean;
  /** What it says. */
  readonly logFile: string;
  stop(): Promise<void>;
}

/** Starts a program that runs on; what it says goes to a file. */
export function start(command: string, args: readonly string[], logFile: string): Program {
  const log = openSync(logFile, 'w');
  const child = spawn(command, args, { stdio: ['ignore', log, log] });
  closeSync(log);
  const ended = once(child, 'exit');
  return {
    ended,
    hasEnded: () => child.exitCode !== null || child.signalCode !== null,
    logFile,
    stop: async () => {
      child.kill();
      await ended;
    },
  };
}

/** Resolves when a program is ready; rejects when it ends first, or is not within a minute. */
export async function until(
  what: string,
  isReady: () => Promise<boolean>,
  { hasEnded, logFile }: Program,
): Promise<void> {
  for (let attempt = 0; attempt < 1200 && !hasEnded(); attempt += 1) {
    if (await isReady().catch(() => false)) return;
    await sleep(50);
  }
  throw new Error(`${what} did not start:\n${readFileSync(logFile, 'utf8')}`);
}

export async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return typeof address === 'object' ? (address?.port ?? 0) : 0;
}

/** Ports that nobody listens on now. */
export function freePorts(count: number): Promise<number[]> {
  return Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      const port = await listen(server);
      server.close();
      return port;
    }),
  );
}
