import type { Logger } from '../../telemetry/log.ts';

/** Logs a cause once, until there is another. */
export function changeLog(log: Logger, consequence: string): (cause: string) => void {
  let told: string | undefined;
  return (cause) => {
    if (cause !== told) log.error(consequence, { cause });
    told = cause;
  };
}
