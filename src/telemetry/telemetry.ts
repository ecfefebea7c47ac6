import { collectDefaultMetrics, Registry } from 'prom-client';
import type { CheckObserver } from '../check/ports.ts';
import { type CertificateWatch, createCertificateWatch } from './certificate-watch.ts';
import { createCheckObserver } from './check-observer.ts';
import { createCounterFamily } from './counter.ts';
import { type BundleReport, createBundleCounters, createBundleGauges } from './bundle-metrics.ts';
import { gauge } from './gauge.ts';
import { createGrantGauge } from './grant-metrics.ts';
import { metrics } from './metrics.ts';
import { createTokenMetrics, type TokenMetrics } from './token-metrics.ts';

/** Everything that is counted, and the text in which Prometheus reads it. */
export interface Telemetry extends TokenMetrics {
  readonly observer: CheckObserver;
  /** What a scrape answers, and its content type. */
  readonly scrape: () => Promise<string>;
  readonly contentType: string;
  /** Says where the number of checks in flight is read at a scrape. */
  readonly trackChecksInFlight: (read: () => number) => void;
  /** Says where it is read at a scrape how many grants are in which state. */
  readonly trackGrants: (read: () => ReadonlyMap<string, number>) => void;
  readonly setRedisUp: (up: boolean) => void;
  /** Says where the state of the bundles is read at a scrape. */
  readonly trackBundles: (read: () => readonly BundleReport[]) => void;
  /** A bundle was asked for. `failure` is undefined when that went well. */
  readonly bundleChecked: (name: string, result: string, failure: string | undefined) => void;
  /** A server was told how the bundles fare. */
  readonly statusReported: (result: 'taken' | 'failed') => void;
  readonly certificates: CertificateWatch;
  /** A connection was not let in. */
  readonly handshakeFailed: (source: string, cause: string) => void;
  readonly reloaded: (what: ReloadedPart, result: 'success' | 'failure') => void;
  readonly recordsDropped: (sink: string, cause: string, count: number) => void;
  /** Replaces the whole list. */
  readonly setInsecureOptions: (names: readonly string[]) => void;
}

/** What is loaded anew while serving. */
const reloadedParts = ['config', 'policy', 'access', 'limits', 'identity', 'certificate'] as const;
export type ReloadedPart = (typeof reloadedParts)[number];

/** Whoever can reach the port can add to them, up to here; then they are of `other` networks. */
const maxHandshakeLabelSets = 200;

export function createTelemetry({ version }: { readonly version: string }): Telemetry {
  const registry = new Registry();
  const redisUp = gauge(metrics.redisUp, registry);
  // An unlabelled gauge of prom-client begins at 0, which would read as an outage.
  redisUp.remove();
  const statusReports = createCounterFamily(metrics.statusReports, registry);
  const handshakeFailures = createCounterFamily(metrics.handshakeFailures, registry, {
    maxLabelSets: maxHandshakeLabelSets,
    overflow: ([, cause = 'other']) => ['other', cause],
  });
  const auditDropped = createCounterFamily(metrics.auditDropped, registry);
  const insecureOption = gauge(metrics.insecureOption, registry);
  gauge(metrics.build, registry).set({ version }, 1);
  let readChecksInFlight: (() => number) | undefined;
  gauge(metrics.checksInFlight, registry, () => readChecksInFlight?.() ?? 0);
  collectDefaultMetrics({ register: registry });

  return {
    observer: createCheckObserver(registry),
    scrape: () => registry.metrics(),
    contentType: registry.contentType,
    trackChecksInFlight(read) {
      readChecksInFlight = read;
    },
    trackGrants: createGrantGauge(registry),
    setRedisUp(up) {
      redisUp.set(up ? 1 : 0);
    },
    trackBundles: createBundleGauges(registry),
    bundleChecked: createBundleCounters(registry),
    statusReported(result) {
      statusReports.tally(result).add();
    },
    certificates: createCertificateWatch(registry),
    handshakeFailed(source, cause) {
      handshakeFailures.tally(source, cause).add();
    },
    ...createTokenMetrics(registry),
    reloaded: createReloadCounter(registry),
    recordsDropped(sink, cause, count) {
      auditDropped.tally(sink, cause).add(count);
    },
    setInsecureOptions(names) {
      insecureOption.reset();
      for (const name of names) insecureOption.set({ name }, 1);
    },
  };
}

function createReloadCounter(registry: Registry): Telemetry['reloaded'] {
  const reloads = createCounterFamily(metrics.reloads, registry);
  // From 0 on, or a first failure would be no increase to Prometheus.
  for (const what of reloadedParts) {
    for (const result of ['success', 'failure']) reloads.tally(what, result);
  }
  return (what, result) => {
    reloads.tally(what, result).add();
  };
}
