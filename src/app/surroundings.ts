import type { Clock } from '../domain/clock.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';

/** What the parts of a server share with whoever runs it. */
export interface Surroundings {
  readonly clock: Clock;
  readonly log: Logger;
  readonly telemetry: Telemetry;
}
