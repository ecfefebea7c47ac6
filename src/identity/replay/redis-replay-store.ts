import type { ScriptRunner } from '../../domain/script-runner.ts';
import type { ReplayStore } from './replay-store.ts';

const useOnce = "return redis.call('SET', KEYS[1], '', 'NX', 'PX', ARGV[1]) and 1 or 0";

/** For all replicas. What a failover loses of the last moment can be used a second time. */
export class RedisReplayStore implements ReplayStore {
  readonly #runner: ScriptRunner;
  readonly #keyPrefix: string;

  constructor(runner: ScriptRunner, keyPrefix: string) {
    this.#runner = runner;
    this.#keyPrefix = keyPrefix;
  }

  async use(key: string, keepMs: number): Promise<boolean> {
    if (!this.#runner.isUp()) throw new Error('Redis is not connected');
    const reply = await this.#runner.runScript(useOnce, [this.#keyPrefix + key], [keepMs]);
    if (reply === 1) return true;
    if (reply === 0) return false;
    throw new Error('Redis gave a reply that is not of the script');
  }
}
