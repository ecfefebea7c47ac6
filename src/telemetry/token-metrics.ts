import type { Registry } from 'prom-client';
import { createCounterFamily } from './counter.ts';
import { gauge } from './gauge.ts';
import { metrics } from './metrics.ts';

/** Bounded by the issuers that are configured. */
export interface TokenMetrics {
  /** A token was judged; `issuer` is a configured one, or `other`. */
  readonly tokenJudged: (issuer: string, result: string) => void;
  /** An issuer's keys were asked for. `atMs`: when they came, since 1970; undefined: they did not. */
  readonly keysFetched: (issuer: string, atMs: number | undefined) => void;
}

export function createTokenMetrics(registry: Registry): TokenMetrics {
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
