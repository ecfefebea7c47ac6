import type { Registry } from 'prom-client';
import { createCounterFamily } from './counter.ts';
import { sampledGauge } from './gauge.ts';
import { type Metric, metrics } from './metrics.ts';

/** The state of one bundle; times are epoch milliseconds. */
export interface BundleReport {
  readonly name: string;
  readonly activeRevision?: string;
  readonly lastSuccessMs?: number;
  readonly lastRequestMs?: number;
  readonly lastSuccessfulRequestMs?: number;
  readonly lastDownloadMs?: number;
  readonly lastActivationMs?: number;
  readonly requestMs?: number;
  readonly loadMs?: number;
}

/** Which of a report's numbers each gauge shows, in seconds. */
const gauges: readonly (readonly [Metric, (report: BundleReport) => number | undefined])[] = [
  [metrics.bundleLastSuccess, ({ lastSuccessMs }) => lastSuccessMs],
  [metrics.bundleLastRequest, ({ lastRequestMs }) => lastRequestMs],
  [metrics.bundleLastAnswer, ({ lastSuccessfulRequestMs }) => lastSuccessfulRequestMs],
  [metrics.bundleLastDownload, ({ lastDownloadMs }) => lastDownloadMs],
  [metrics.bundleLastActivation, ({ lastActivationMs }) => lastActivationMs],
  [metrics.bundleRequest, ({ requestMs }) => requestMs],
  [metrics.bundleLoad, ({ loadMs }) => loadMs],
];

/** Answers what says where the reports are. */
export function createBundleGauges(
  registry: Registry,
): (read: () => readonly BundleReport[]) => void {
  let reports: (() => readonly BundleReport[]) | undefined;
  sampledGauge(metrics.bundleRevision, registry, (revisions) => {
    revisions.reset();
    for (const { name, activeRevision } of reports?.() ?? []) {
      if (activeRevision !== undefined) revisions.set({ name, revision: activeRevision }, 1);
    }
  });
  for (const [metric, valueOf] of gauges) {
    sampledGauge(metric, registry, (created) => {
      created.reset();
      for (const report of reports?.() ?? []) {
        const milliseconds = valueOf(report);
        if (milliseconds !== undefined) created.set({ name: report.name }, milliseconds / 1000);
      }
    });
  }
  return (read) => {
    reports = read;
  };
}

export function createBundleCounters(
  registry: Registry,
): (name: string, result: string, failure: string | undefined) => void {
  const checks = createCounterFamily(metrics.bundleChecks, registry);
  const failures = createCounterFamily(metrics.bundleFailures, registry);
  return (name, result, failure) => {
    checks.tally(name, result).add();
    if (failure !== undefined) failures.tally(name, failure).add();
  };
}
