import { Counter, type Registry } from 'prom-client';
import type { Metric } from './metrics.ts';

/** One label set of a counter. The hot path keeps it, and so pays for an addition only. */
export class Tally {
  count = 0;

  add(amount = 1): void {
    this.count += amount;
  }
}

/** How many label sets a counter may have, and what all the others are counted as. */
export interface LabelBound {
  readonly maxLabelSets: number;
  readonly overflow: (values: readonly string[]) => readonly string[];
}

export interface CounterFamily {
  /** The tally for these label values, in the order of the metric's label names. */
  tally(...values: readonly string[]): Tally;
}

const otherBound: LabelBound = {
  maxLabelSets: 1000,
  overflow: (values) => values.map(() => 'other'),
};

/**
 * A counter that prom-client renders and does not count: its own `inc` costs most of a microsecond
 * for every call, a kept tally a few nanoseconds.
 */
export function createCounterFamily(
  metric: Metric,
  registry: Registry,
  bound: LabelBound = otherBound,
): CounterFamily {
  const tallies = new Map<string, Tally>();
  const rows: { labels: Record<string, string>; tally: Tally }[] = [];

  const add = (key: string, values: readonly string[]): Tally => {
    const tally = new Tally();
    tallies.set(key, tally);
    rows.push({ labels: labelsOf(metric, values), tally });
    return tally;
  };
  registry.registerMetric(
    new Counter({
      ...metric,
      registers: [],
      collect() {
        this.reset();
        for (const { labels, tally } of rows) this.inc(labels, tally.count);
      },
    }),
  );

  return {
    tally(...values) {
      const key = keyOf(values);
      const known = tallies.get(key);
      if (known !== undefined) return known;
      if (rows.length < bound.maxLabelSets) return add(key, values);
      const others = bound.overflow(values);
      const otherKey = keyOf(others);
      return tallies.get(otherKey) ?? add(otherKey, others);
    },
  };
}

function keyOf(values: readonly string[]): string {
  return values.join('\0');
}

function labelsOf(metric: Metric, values: readonly string[]): Record<string, string> {
  return Object.fromEntries(metric.labelNames.map((name, index) => [name, values[index] ?? '']));
}
