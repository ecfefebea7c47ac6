import { Gauge, type Registry } from 'prom-client';
import type { Metric } from './metrics.ts';

/** A gauge in the registry; `read` is asked at each scrape. */
export function gauge(metric: Metric, registry: Registry, read?: () => number): Gauge {
  return sampledGauge(metric, registry, (created) => {
    if (read !== undefined) created.set(read());
  });
}

/** A gauge whose samples `sample` sets at each scrape. */
export function sampledGauge(
  metric: Metric,
  registry: Registry,
  sample: (gauge: Gauge) => void,
): Gauge {
  const created = new Gauge({
    ...metric,
    registers: [],
    collect() {
      sample(this);
    },
  });
  registry.registerMetric(created);
  return created;
}
