import type { Registry } from 'prom-client';
import { sampledGauge } from './gauge.ts';
import { metrics } from './metrics.ts';

/** Answers what says where the numbers are, by state. */
export function createGrantGauge(
  registry: Registry,
): (read: () => ReadonlyMap<string, number>) => void {
  let countGrants: (() => ReadonlyMap<string, number>) | undefined;
  sampledGauge(metrics.grants, registry, (grants) => {
    for (const [state, count] of countGrants?.() ?? []) grants.set({ state }, count);
  });
  return (read) => {
    countGrants = read;
  };
}
