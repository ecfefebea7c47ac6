import type { Registry } from 'prom-client';
import { createCounterFamily } from './counter.ts';
import { gauge } from './gauge.ts';
import { metrics } from './metrics.ts';
import type { Telemetry } from './telemetry.ts';

/** Bounded by the issuers that are configured. */
export function createTokenMetrics(
  registry: Registry,
): Pick<Telemetry, 'tokenJudged' | 'keysFetched'> {
  const tokens = createCounterFamily(metrics.tokens, registry);
  const fetches = createCounterFamily(metrics.keyFetches, registry);
  const lastSuccess = gauge(metrics.keysLastSuccess, registry);
  return {
    tokenJudged(issuer, result) {
      tokens.tally(issuer, result).add();
    },
    keysFetched(issuer, atMs) {
      fetches.tally(issuer, atMs === undefined ? 'failure' : 'success').add();
      if (atMs !== undefined) lastSuccess.set({ issuer }, atMs / 1000);
    },
  };
}
