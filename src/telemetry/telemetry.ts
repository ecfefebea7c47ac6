import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { CheckObserver } from '../check/ports.ts';
import { createCheckObserver } from './check-observer.ts';
import { createCounterFamily } from './counter.ts';
import { type Metric, metrics } from './metrics.ts';

/** Everything that is counted, and the text in which Prometheus reads it. */
export interface Telemetry {
  readonly observer: CheckObserver;
  /** What a scrape answers, and its content type. */
  readonly scrape: () => Promise<string>;
  readonly contentType: string;
  /** Says where the number of checks in flight is read at a scrape. */
  readonly trackChecksInFlight: (read: () => number) => void;
  readonly setRedisUp: (up: boolean) => void;
  /** A bundle was loaded, or found unchanged; `atMs` is epoch milliseconds. */
  readonly bundleLoaded: (bundle: BundleIdentity, atMs: number) => void;
  readonly reloaded: (what: string, result: 'success' | 'failure') => void;
  readonly recordsDropped: (sink: string, cause: string, count: number) => void;
  /** Replaces the whole list. */
  readonly setInsecureOptions: (names: readonly string[]) => void;
}

export interface BundleIdentity {
  readonly name: string;
  readonly revision: string;
}

export function createTelemetry({ version }: { readonly version: string }): Telemetry {
  const registry = new Registry();
  const redisUp = gauge(metrics.redisUp, registry);
  // An unlabelled gauge of prom-client begins at 0, which would read as an outage.
  redisUp.remove();
  const reloads = createCounterFamily(metrics.reloads, registry);
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
    setRedisUp(up) {
      redisUp.set(up ? 1 : 0);
    },
    bundleLoaded: createBundleGauges(registry),
    reloaded(what, result) {
      reloads.tally(what, result).add();
    },
    recordsDropped(sink, cause, count) {
      auditDropped.tally(sink, cause).add(count);
    },
    setInsecureOptions(names) {
      insecureOption.reset();
      for (const name of names) insecureOption.set({ name }, 1);
    },
  };
}

function createBundleGauges(registry: Registry): Telemetry['bundleLoaded'] {
  const revisionInfo = gauge(metrics.bundleRevision, registry);
  const lastSuccess = gauge(metrics.bundleLastSuccess, registry);
  const revisions = new Map<string, string>();
  return ({ name, revision }, atMs) => {
    const previous = revisions.get(name);
    if (previous !== undefined) revisionInfo.remove({ name, revision: previous });
    revisions.set(name, revision);
    revisionInfo.set({ name, revision }, 1);
    lastSuccess.set({ name }, atMs / 1000);
  };
}

function gauge(metric: Metric, registry: Registry, read?: () => number): Gauge {
  const created = new Gauge({
    ...metric,
    registers: [],
    ...(read && {
      collect() {
        this.set(read());
      },
    }),
  });
  registry.registerMetric(created);
  return created;
}
