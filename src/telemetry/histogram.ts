import { Histogram, type Registry } from 'prom-client';
import type { Metric } from './metrics.ts';

/** From a fast check in memory to far beyond any deadline; 0.15 is the default time for a check. */
export const durationBuckets: readonly number[] = [
  0.00002, 0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.15, 0.25,
  0.5, 1,
];

/** How long things took, for one label set: an observation is a short scan and two additions. */
export class DurationHistogram {
  /** Ends with Infinity, so that every scan ends. */
  readonly #bounds = Float64Array.from([...durationBuckets, Infinity]);
  readonly #counts = new Float64Array(this.#bounds.length);
  #sum = 0;

  /** What is not a duration (negative, NaN, infinite) is left out: it would spoil the sum. */
  observe(seconds: number): void {
    if (!(seconds >= 0 && seconds < Infinity)) return;
    let bucket = 0;
    while ((this.#bounds[bucket] ?? Infinity) < seconds) bucket += 1;
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#sum += seconds;
  }

  /** Cumulative, as Prometheus has it: how many took at most each bound, and their sum. */
  snapshot(): { readonly atMost: readonly number[]; readonly sum: number } {
    let total = 0;
    return { atMost: Array.from(this.#counts, (count) => (total += count)), sum: this.#sum };
  }
}

/** A sample as prom-client's registry renders it. */
interface Sample {
  readonly metricName: string;
  readonly labels: Record<string, string | number>;
  readonly sharedLabels: Record<string, string>;
  readonly value: number;
}

/**
 * Registers a histogram that prom-client renders and does not count: its own `observe` costs more
 * than a microsecond. One DurationHistogram for each value of the metric's one label.
 */
export function createHistogramFamily<Value extends string>(
  metric: Metric,
  registry: Registry,
  values: readonly Value[],
): ReadonlyMap<Value, DurationHistogram> {
  const family = new Map(values.map((value) => [value, new DurationHistogram()]));
  const [labelName = ''] = metric.labelNames;
  registry.registerMetric(
    new RenderedHistogram(metric, () =>
      [...family].flatMap(([value, histogram]) =>
        samplesOf(metric.name, { [labelName]: value }, histogram),
      ),
    ),
  );
  return family;
}

class RenderedHistogram extends Histogram {
  readonly #metric: Metric;
  readonly #samples: () => readonly Sample[];

  constructor(metric: Metric, samples: () => readonly Sample[]) {
    super({ ...metric, registers: [] });
    this.#metric = metric;
    this.#samples = samples;
  }

  /**
   * What prom-client's registry and `get` read the values through. Not in its types: the test that
   * compares the text with prom-client's own histogram holds it.
   */
  getForPromString(): unknown {
    const { name, help } = this.#metric;
    return { name, help, type: 'histogram', values: this.#samples(), aggregator: 'sum' };
  }
}

function samplesOf(
  name: string,
  sharedLabels: Record<string, string>,
  histogram: DurationHistogram,
): Sample[] {
  const { atMost, sum } = histogram.snapshot();
  const count = atMost.at(-1) ?? 0;
  const buckets = atMost.map((value, index) => ({
    metricName: `${name}_bucket`,
    labels: { le: durationBuckets[index] ?? '+Inf' },
    sharedLabels,
    value,
  }));
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels: {}, sharedLabels, value: sum },
    { metricName: `${name}_count`, labels: {}, sharedLabels, value: count },
  ];
}
