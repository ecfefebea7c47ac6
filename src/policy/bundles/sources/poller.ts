import type { PollingSettings } from '../../../domain/bundle-settings.ts';

/** What one request led to; `waited`: the server had held it until there was news, or none. */
export type PollOutcome = 'done' | 'waited' | 'failed';

export interface Poller {
  /** Ends what is under way, and waits until it has. */
  stop(): Promise<void>;
}

/** Asks at once, and from then on; `ask` never rejects. Does not keep the process alive. */
export function startPoller(
  ask: (signal: AbortSignal) => Promise<PollOutcome>,
  polling: PollingSettings,
  random: () => number = Math.random,
): Poller {
  const stopping = new AbortController();
  const { signal } = stopping;
  const run = async (): Promise<void> => {
    let failures = 0;
    while (!signal.aborted) {
      const outcome = await ask(signal);
      failures = outcome === 'failed' ? failures + 1 : 0;
      await pause(delayMs(outcome, failures, polling, random()), signal);
    }
  };
  const running = run();
  return {
    stop() {
      stopping.abort();
      return running;
    },
  };
}

/** Also keeps a server that does not wait, though it says so, from being asked without a pause. */
const shortestDelayMs = 100;
const growth = 1.6;
const jitter = 0.2;

/** OPA's delays: between good answers at random, after failures longer and longer. */
export function delayMs(
  outcome: PollOutcome,
  failures: number,
  { minDelayMs, maxDelayMs }: Pick<PollingSettings, 'minDelayMs' | 'maxDelayMs'>,
  random: number,
): number {
  if (outcome === 'done') return minDelayMs + (maxDelayMs - minDelayMs) * random;
  if (outcome === 'waited') return shortestDelayMs;
  const backoffMs = Math.min(shortestDelayMs * growth ** (failures - 1), maxDelayMs);
  return backoffMs * (1 + jitter * (2 * random - 1));
}

/** Until the time is over, or the signal says so. Does not keep the process alive. */
export function pause(durationMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    const timer = setTimeout(resolve, durationMs).unref();
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}
