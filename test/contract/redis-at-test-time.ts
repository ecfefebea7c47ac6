import assert from 'node:assert/strict';
import { Cluster } from 'ioredis';
import type { RedisClient } from '../../src/shared-state/redis-client.ts';
import type { ScriptRunner } from '../../src/domain/script-runner.ts';
import { takeScript } from '../../src/limits/stores/take-script.ts';
import { testEpochMs } from './limit-store.ts';

/** The script as it is, but that the time (seconds, microseconds) comes as the last arguments. */
const scriptAtTestTime = takeScript.replace(
  "redis.call('TIME')",
  '{ [2] = table.remove(ARGV), [1] = table.remove(ARGV) }',
);
assert.notEqual(scriptAtTestTime, takeScript);

/**
 * A Redis whose time stands still until it is told. Keys still expire by the server's own clock,
 * so test time must not be left standing for longer than the windows that are tested.
 */
export class RedisAtTestTime implements ScriptRunner {
  readonly #client: RedisClient;
  #nowMs = testEpochMs;

  constructor(client: RedisClient) {
    this.#client = client;
  }

  /** Forgets every key, and begins the time anew. */
  async empty(): Promise<void> {
    this.#nowMs = testEpochMs;
    const client = this.#client;
    const nodes = client instanceof Cluster ? client.nodes('master') : [client];
    await Promise.all(nodes.map(async (node) => node.flushall()));
  }

  advance(ms: number): void {
    this.#nowMs += ms;
  }

  isUp(): boolean {
    return true;
  }

  async runScript(
    lua: string,
    keys: readonly string[],
    args: readonly (string | number)[],
  ): Promise<unknown> {
    assert.equal(lua, takeScript);
    const seconds = Math.floor(this.#nowMs / 1000);
    const microseconds = (this.#nowMs % 1000) * 1000;
    const all = [...keys, ...args, seconds, microseconds];
    return this.#client.eval(scriptAtTestTime, keys.length, ...all);
  }
}
