import { randomUUID } from 'node:crypto';
import { messageOf } from '../domain/fault-message.ts';
import type { ScriptRunner } from '../domain/script-runner.ts';
import { every, type Repetition } from './every.ts';

export interface CensusOptions {
  readonly runner: ScriptRunner;
  /** Of the sorted set of all replicas. */
  readonly key: string;
  /** Redis answers, but not as it should. Called again at each beat while that lasts. */
  readonly onFault: (cause: string) => void;
  readonly beatMs?: number;
}

const defaultBeatMs = 5000;
/** Who has missed two beats is gone. */
const beatsToLive = 3;

/** Counts the replicas that are connected to one Redis: each gives a sign of life, in Redis's time. */
export class ReplicaCensus {
  readonly #options: CensusOptions;
  readonly #beatMs: number;
  readonly #id = randomUUID();
  #count = 1;
  #beating: Repetition | undefined;

  constructor(options: CensusOptions) {
    this.#options = options;
    this.#beatMs = options.beatMs ?? defaultBeatMs;
  }

  /** As last seen, this one among them. While Redis is away it stays. */
  get count(): number {
    return this.#count;
  }

  start(): void {
    this.#beating = every(this.#beatMs, () => this.#beat());
  }

  stop(): void {
    this.#beating?.stop();
  }

  /** Beats now rather than at the next beat: Redis can be reached again. */
  beatNow(): void {
    this.#beating?.now();
  }

  async #beat(): Promise<void> {
    const { runner, key, onFault } = this.#options;
    if (!runner.isUp()) return;
    try {
      const lifeMs = beatsToLive * this.#beatMs;
      const count = await runner.runScript(beatScript, [key], [this.#id, lifeMs]);
      if (typeof count === 'number' && count >= 1) this.#count = count;
    } catch (error) {
      onFault(messageOf(error));
    }
  }
}

/** ARGV: who, and for how long a sign of life is one, in milliseconds. */
const beatScript = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return redis.call('ZCARD', KEYS[1])
`;
