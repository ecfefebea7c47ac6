import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Redis } from 'ioredis';
import { requireTool } from './find-tool.ts';

const startTimeoutMs = 10_000;
/** Of a server, and of a sentinel. */
const readyPattern = /ready to accept connections|\+monitor master/i;

/** A real Redis on a unix socket in a folder of its own, with no data kept on disk. */
export class RedisServer {
  readonly #directory = mkdtempSync(join(tmpdir(), 'sallyport-redis-'));
  readonly #options: readonly string[];
  readonly #first: readonly string[];
  #process: ChildProcess | undefined;

  /** `options` as on redis-server's command line; `first` comes before all of them. */
  constructor(
    options: readonly string[] = [],
    first: (directory: string) => readonly string[] = () => [],
  ) {
    this.#options = options;
    this.#first = first(this.#directory);
  }

  get socketPath(): string {
    return join(this.#directory, 'redis.sock');
  }

  get url(): string {
    return `unix:${this.socketPath}`;
  }

  /** A folder that goes when the server is removed. */
  get directory(): string {
    return this.#directory;
  }

  /** Runs one command, past what is tested. */
  async command(name: string, ...args: readonly (string | number)[]): Promise<unknown> {
    const operator = new Redis({ path: this.socketPath });
    try {
      return await operator.call(name, ...args);
    } finally {
      operator.disconnect();
    }
  }

  /** Resolves when it accepts connections; after {@link kill} it may be started again. */
  async start(): Promise<this> {
    const settings = ['--port', '0', '--unixsocket', this.socketPath, '--save', ''];
    const child = spawn(
      requireTool('redis-server'),
      [...this.#first, ...settings, '--dir', this.#directory, ...this.#options],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    this.#process = child;
    const timeout = setTimeout(() => child.kill('SIGKILL'), startTimeoutMs);
    const lines: string[] = [];
    try {
      for await (const line of createInterface(child.stdout)) {
        lines.push(line);
        if (readyPattern.test(line)) {
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
