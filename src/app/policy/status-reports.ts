import type { HttpServerSettings } from '../../domain/bundle-settings.ts';
import type { JsonObject } from '../../domain/json.ts';
import { createStatusReporter, type StatusReporter } from '../../policy/bundles/status-reporter.ts';
import type { Surroundings } from '../surroundings.ts';
import { trackCertificates } from './track-certificates.ts';

const tellsNobody: StatusReporter = {
  changed() {},
  certificates: () => ({}),
  stop: () => Promise.resolve(),
};

/** Counts every attempt, and logs when the server is lost and when it is back. */
export function createStatusReports(
  settings: HttpServerSettings | undefined,
  read: () => JsonObject,
  { clock, log, telemetry }: Surroundings,
): StatusReporter {
  if (settings === undefined) return tellsNobody;
  let isLost = false;
  const onAttempt = (fault: string | undefined): void => {
    telemetry.statusReported(fault === undefined ? 'taken' : 'failed');
    if (fault !== undefined && !isLost) {
      log.error('the status is not taken: checks are decided as before', { cause: fault });
    } else if (fault === undefined && isLost) {
      log.info('the status is taken again');
    }
    isLost = fault !== undefined;
  };
  const reporter = createStatusReporter(settings, { clock, read, onAttempt });
  trackCertificates(telemetry.certificates, 'status', () => [reporter.certificates()]);
  return reporter;
}
