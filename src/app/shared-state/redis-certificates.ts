import { type CertificateFacts, factsOf } from '../../domain/identity/certificate-facts.ts';
import type { Clock } from '../../domain/clock.ts';
import { certificatesIn } from '../../server/tls/pem.ts';
import type { RedisConnection } from '../../shared-state/redis-connection.ts';
import type { RedisSettings } from '../../shared-state/redis-settings.ts';
import type { CertificateWatch } from '../../telemetry/certificate-watch.ts';

export interface RedisCertificatesOptions {
  readonly connection: RedisConnection;
  /** Those that are in use now. */
  readonly settings: () => RedisSettings;
  readonly watch: CertificateWatch;
  readonly clock: Clock;
  /** How often it is looked whether the server may have renewed its own. */
  readonly intervalMs?: number;
}

/**
 * Shows when the certificates on the way to Redis expire. Redis shows a renewed one to new
 * connections only, and ours last for months: when one comes near its end, a new connection is made
 * to see. Returns what ends that.
 */
export function watchRedisCertificates({
  connection,
  settings,
  watch,
  clock,
  intervalMs = 10 * 60_000,
}: RedisCertificatesOptions): () => void {
  watch.track('redis_client', () => factsIn(settings().tls?.certificate));
  watch.track('redis_ca', () => factsIn(settings().tls?.ca));
  watch.track('redis_server', () => connection.serverCertificates());
  const look = (): void => {
    const shown = connection.serverCertificates();
    if (shown.some((certificate) => isDue(certificate, clock.nowMs()))) {
      connection.renew(settings());
    }
  };
  const timer = setInterval(look, intervalMs).unref();
  return () => {
    clearInterval(timer);
  };
}

/** In the last third of its life, when those who renew ahead of time have done it. */
function isDue({ notBeforeMs, notAfterMs }: CertificateFacts, nowMs: number): boolean {
  return notAfterMs - nowMs < (notAfterMs - notBeforeMs) / 3;
}

/** None where there is no file; what is wrong with one shows in the connection. */
function factsIn(pem: string | undefined): readonly CertificateFacts[] {
  try {
    return pem === undefined ? [] : certificatesIn(pem).map(factsOf);
  } catch {
    return [];
  }
}
