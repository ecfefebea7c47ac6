import type { ShownCertificates } from '../../policy/bundles/sources/shown-certificates.ts';
import type { CertificateWatch } from '../../telemetry/certificate-watch.ts';

/** Shows when those expire that were shown on the way to a kind of server. */
export function trackCertificates(
  watch: CertificateWatch,
  kind: 'bundle' | 'status',
  read: () => readonly ShownCertificates[],
): void {
  for (const end of ['server', 'client'] as const) {
    watch.track(`${kind}_${end}`, () => read().flatMap((shown) => shown[end] ?? []));
  }
}
