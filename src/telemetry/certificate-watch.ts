import type { Registry } from 'prom-client';
import type { CertificateFacts } from '../domain/identity/certificate-facts.ts';
import { createCounterFamily } from './counter.ts';
import { sampledGauge } from './gauge.ts';
import { metrics } from './metrics.ts';

/**
 * Whose certificates they are. `server` and `client_ca`: of our own door; `…_server`: of those that
 * we ask, as they were shown; `…_client`: what we show there; `caller`: those that Envoy forwards.
 */
export type CertificateRole =
  | 'server'
  | 'client_ca'
  | 'redis_server'
  | 'redis_client'
  | 'redis_ca'
  | 'bundle_server'
  | 'bundle_client'
  | 'status_server'
  | 'status_client'
  | 'jwks_server'
  | 'caller';

/** Shows when certificates expire, and says which come near it. */
export interface CertificateWatch {
  /** Says where the certificates of a role are read, at each look and each scrape. */
  track(role: CertificateRole, read: () => readonly CertificateFacts[]): void;
  /** Those that have come to a threshold since the last look, each once for each threshold. */
  look(nowMs: number): readonly ExpiringCertificate[];
}

export interface ExpiringCertificate {
  readonly role: CertificateRole;
  readonly certificate: CertificateFacts;
  readonly within: (typeof thresholds)[number]['within'];
}

const hourMs = 60 * 60 * 1000;

/** Nearest first. */
const thresholds = [
  { within: 'expired', leftMs: 0 },
  { within: '6h', leftMs: 6 * hourMs },
  { within: '24h', leftMs: 24 * hourMs },
  { within: '72h', leftMs: 72 * hourMs },
] as const;

export function createCertificateWatch(registry: Registry): CertificateWatch {
  const readers = new Map<CertificateRole, () => readonly CertificateFacts[]>();
  const warnings = createCounterFamily(metrics.certificateExpiring, registry);
  /** The nearest threshold that was told, by role and fingerprint. */
  let told = new Map<string, number>();

  sampledGauge(metrics.certificateNotAfter, registry, (notAfter) => {
    notAfter.reset();
    for (const [role, read] of readers) {
      for (const [subject, notAfterMs] of soonestBySubject(read())) {
        notAfter.set({ role, subject }, notAfterMs / 1000);
      }
    }
  });

  function look(nowMs: number): readonly ExpiringCertificate[] {
    const present = new Map<string, number>();
    const expiring: ExpiringCertificate[] = [];
    for (const [role, read] of readers) {
      for (const certificate of read()) {
        const key = `${role} ${certificate.fingerprint}`;
        if (present.has(key)) continue;
        const before = told.get(key) ?? Infinity;
        const { within, leftMs } = thresholdOf(certificate, nowMs) ?? notNear;
        present.set(key, Math.min(before, leftMs));
        if (within === undefined || leftMs >= before) continue;
        expiring.push({ role, certificate, within });
        warnings.tally(role, within).add();
      }
    }
    told = present;
    return expiring;
  }

  return {
    track: (role, read) => {
      readers.set(role, read);
      // From 0 on, or a first warning would be no increase to Prometheus.
      for (const { within } of thresholds) warnings.tally(role, within);
    },
    look,
  };
}

/** An authority and its successor may share their name: the first to expire is what matters. */
function soonestBySubject(
  certificates: readonly CertificateFacts[],
): ReadonlyMap<string, CertificateFacts['notAfterMs']> {
  const soonest = new Map<string, number>();
  for (const { subject, notAfterMs } of certificates) {
    soonest.set(subject, Math.min(notAfterMs, soonest.get(subject) ?? Infinity));
  }
  return soonest;
}

const notNear = { within: undefined, leftMs: Infinity } as const;

/** One that never has twice as long left is renewed later than that: it would always be warned of. */
function thresholdOf({ notBeforeMs, notAfterMs }: CertificateFacts, nowMs: number) {
  const lifetimeMs = notAfterMs - notBeforeMs;
  return thresholds.find(
    ({ leftMs }) => notAfterMs - nowMs <= leftMs && (leftMs === 0 || 2 * leftMs <= lifetimeMs),
  );
}
