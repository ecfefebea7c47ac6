import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer, Asked, Client } from './client.ts';

/** Requests that keep coming, until it is stopped. */
export interface Traffic {
  /** Everything answered so far, oldest first. */
  readonly answers: readonly TimedAnswer[];
  stop(): Promise<void>;
}

export interface TimedAnswer extends Answer {
  readonly tookMs: number;
}

/** Asks the same again and again, `concurrency` at a time, with a short pause after each answer. */
export function startTraffic(
  client: Client,
  asked: Asked,
  { concurrency = 4, pauseMs = 5 }: { concurrency?: number; pauseMs?: number } = {},
): Traffic {
  const answers: TimedAnswer[] = [];
  const stopping = new AbortController();
  const keepAsking = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const startedMs = performance.now();
      const answer = await client.send(asked);
      answers.push({ ...answer, tookMs: performance.now() - startedMs });
      await sleep(pauseMs);
    }
  };
  const lanes = Promise.all(Array.from({ length: concurrency }, keepAsking));
  return {
    answers,
    stop: async () => {
      stopping.abort();
      await lanes;
    },
  };
}

/** How often each status was answered. */
export function countStatuses(answers: readonly Answer[]): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}
