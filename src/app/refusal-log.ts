import type { Clock } from '../domain/clock.ts';
import type { Logger } from '../telemetry/log.ts';

const pauseMs = 60_000;

/** Tells who sends no good token: the first at once, those of the minute after it in one line. */
export function refusalLog(log: Logger, clock: Clock): (peer: string) => void {
  let untold = 0;
  let quietUntilMs = 0;
  return (peer) => {
    untold += 1;
    if (clock.monotonicMs() < quietUntilMs) return;
    log.warn('the admin address refused requests without the right token', { peer, count: untold });
    untold = 0;
    quietUntilMs = clock.monotonicMs() + pauseMs;
  };
}
