import assert from 'node:assert/strict';
import { Redis } from 'ioredis';
import type { RedisConnection } from '../../src/limits/redis.ts';
import { takeScript } from '../../src/limits/take-script.ts';
import type { RedisServer } from '../setup/redis-server.ts';

const timeKey = 'test:time';

/** The script as it is, but that it reads the time (seconds, microseconds) from a list. */
const scriptAtTestTime = takeScript.replace(
  "redis.call('TIME')",
  `redis.call('LRANGE', '${timeKey}', 0, 1)`,
);
assert.notEqual(scriptAtTestTime, takeScript);

/**
 * A Redis whose time stands still until it is told. Keys still expire by the server's own clock,
 * so test time must not be left standing for longer than the windows that are tested.
 */
export class RedisAtTestTime implements RedisConnection {
  readonly client: Redis;
  #nowMs = 1_800_000_000_000;

  constructor(server: RedisServer) {
    this.client = new Redis({ path: server.socketPath });
  }

  /** Forgets every key. */
  async empty(): Promise<void> {
    await this.client.flushall();
    await this.advance(0);
  }

  async advance(ms: number): Promise<void> {
    this.#nowMs += ms;
    const seconds = Math.floor(this.#nowMs / 1000);
    const microseconds = (this.#nowMs % 1000) * 1000;
    await this.client.multi().del(timeKey).rpush(timeKey, seconds, microseconds).exec();
  }

  isUp(): boolean {
    return true;
  }

  async runTakeScript(
    keys: readonly string[],
    args: readonly (string | number)[],
  ): Promise<unknown> {
    return this.client.eval(scriptAtTestTime, keys.length, ...keys, ...args);
  }

  close(): void {
    this.client.disconnect();
  }
}
