import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { requireTool } from './find-tool.ts';

const startTimeoutMs = 10_000;

/** A real Redis on a unix socket in a folder of its own, with nothing kept on disk. */
export class RedisServer {
  readonly #directory = mkdtempSync(join(tmpdir(), 'sallyport-redis-'));
  readonly #options: readonly string[];
  #process: ChildProcess | undefined;

  /** `options` as on redis-server's command line. */
  constructor(options: readonly string[] = []) {
    this.#options = options;
  }

  get socketPath(): string {
    return join(this.#directory, 'redis.sock');
  }

  get url(): string {
    return `unix:${this.socketPath}`;
  }

  /** Resolves when it accepts connections; after {@link kill} it may be started again. */
  async start(): Promise<this> {
    const settings = ['--port', '0', '--unixsocket', this.socketPath, '--save', ''];
    const child = spawn(
      requireTool('redis-server'),
      [...settings, '--dir', this.#directory, ...this.#options],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    this.#process = child;
    const timeout = setTimeout(() => child.kill('SIGKILL'), startTimeoutMs);
    const lines: string[] = [];
    try {
      for await (const line of createInterface(child.stdout)) {
        lines.push(line);
        if (line.includes('ready to accept connections')) {
          child.stdout.resume();
          return this;
        }
      }
    } finally {
      clearTimeout(timeout);
    }
    throw new Error(`redis-server did not start:\n${lines.join('\n')}`);
  }

  signal(signal: NodeJS.Signals): void {
    this.#process?.kill(signal);
  }

  /** As a crash: at once, and nothing said to its clients. */
  async kill(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }

  async remove(): Promise<void> {
    await this.kill();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
