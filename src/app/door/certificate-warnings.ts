import type { Surroundings } from '../surroundings.ts';

const intervalMs = 60_000;

/** Logs which certificates come near their end, for as long as anything else keeps the process. */
export function warnOfCertificates({ clock, log, telemetry }: Surroundings): void {
  const look = (): void => {
    for (const { role, certificate, within } of telemetry.certificates.look(clock.nowMs())) {
      const notAfter = new Date(certificate.notAfterMs).toISOString();
      const fields = { role, subject: certificate.subject, notAfter };
      if (within === 'expired') log.error('a certificate has expired', fields);
      else log.warn(`a certificate expires within ${within}`, fields);
    }
  };
  look();
  setInterval(look, intervalMs).unref();
}
