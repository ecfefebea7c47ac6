import type { OnFault } from '../../server/on-fault.ts';
import type { Logger } from '../../telemetry/log.ts';

/** What went wrong where it could not be answered otherwise: for the operator. */
export function faultLog(log: Logger): OnFault {
  return (where, fault) => {
    log.error(`fault while ${where}`, { fault: fault instanceof Error ? fault : String(fault) });
  };
}
