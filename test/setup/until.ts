import { setTimeout as sleep } from 'node:timers/promises';

/** A busy machine, an election among servers: long, but not for ever. */
const waitMs = 30_000;

/** Waits for something to become true; fails with what it was when it does not. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  withinMs = waitMs,
): Promise<void> {
  const endMs = performance.now() + withinMs;
  while (!(await holds())) {
    if (performance.now() > endMs) throw new Error(`not within ${withinMs} ms: ${what}`);
    await sleep(5);
  }
}
