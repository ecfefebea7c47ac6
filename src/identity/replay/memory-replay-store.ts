import type { Clock } from '../../domain/clock.ts';
import type { ReplayStore } from './replay-store.ts';

/** About 20 MiB. */
const defaultMaxKeys = 100_000;
/** To look through all of them takes milliseconds. */
const minSweepIntervalMs = 1000;

/** For one process: another replica does not know what was used here. */
export class MemoryReplayStore implements ReplayStore {
  readonly #clock: Clock;
  readonly #maxKeys: number;
  /** Until when each is kept. */
  readonly #used = new Map<string, number>();
  #sweptAtMs = -Infinity;

  constructor(clock: Clock, maxKeys = defaultMaxKeys) {
    this.#clock = clock;
    this.#maxKeys = maxKeys;
  }

  use(key: string, keepMs: number): boolean {
    const nowMs = this.#clock.monotonicMs();
    if ((this.#used.get(key) ?? -Infinity) > nowMs) return false;
    if (this.#used.size >= this.#maxKeys) this.#forgetBefore(nowMs);
    // To forget one that is still good would let it be used again.
    if (this.#used.size >= this.#maxKeys) throw new Error('too many tokens are good at once');
    this.#used.set(key, nowMs + keepMs);
    return true;
  }

  #forgetBefore(nowMs: number): void {
    if (nowMs - this.#sweptAtMs < minSweepIntervalMs) return;
    this.#sweptAtMs = nowMs;
    for (const [key, untilMs] of this.#used) if (untilMs <= nowMs) this.#used.delete(key);
  }
}
