import type { Clock } from '../../domain/clock.ts';
import type { LogFields, Logger } from '../../telemetry/log.ts';

const pauseMs = 60_000;

/** Tells of what is refused: the first at once, those of the minute after it in one line. */
export function refusalLog(
  log: Logger,
  clock: Clock,
  message: string,
): (fields: LogFields) => void {
  let untold = 0;
  let quietUntilMs = 0;
  return (fields) => {
    untold += 1;
    if (clock.monotonicMs() < quietUntilMs) return;
    log.warn(message, { ...fields, count: untold });
    untold = 0;
    quietUntilMs = clock.monotonicMs() + pauseMs;
  };
}
