import type { LimitDefinition } from '../../src/domain/limits/limit.ts';
import { type RateLimitRequest, units } from './rate-limit-protocol.ts';

/** Every one is asked in turn. */
export const callers = 20_000;

/** How many limits a request is counted by: none shows what the rest of a server costs. */
export const limitCounts = [0, 1, 3] as const;
export type LimitCount = (typeof limitCounts)[number];

/** Each counts by caller, and none ever refuses. */
const measuredLimits = [
  { name: 'per-minute', unit: 'minute', quota: 100_000 },
  { name: 'per-hour', unit: 'hour', quota: 100_000 },
  { name: 'per-day', unit: 'day', quota: 100_000 },
] as const satisfies readonly { name: string; unit: keyof typeof units; quota: number }[];

/** The same limits and callers in the words of both servers. A domain is a service of ours. */
export function domainOf(count: LimitCount): string {
  return `limits-${count}`;
}

export function callerName(index: number): string {
  return `spiffe://shop.example/ns/shop/sa/caller-${index % callers}`;
}

export function rateLimitRequest(count: LimitCount, caller: number): RateLimitRequest {
  // What is not configured is let through, but a request without descriptors is an error.
  const names = count === 0 ? ['none'] : measuredLimits.slice(0, count).map(({ name }) => name);
  const value = callerName(caller);
  return {
    domain: domainOf(count),
    descriptors: names.map((key) => ({ entries: [{ key, value }] })),
  };
}

/** What Sallyport reads from limits.yaml. */
export function limitDefinitions(count: LimitCount): LimitDefinition[] {
  return measuredLimits.slice(0, count).map(({ name, unit, quota }) => ({
    name: `${domainOf(count)}-${name}`,
    match: { service: domainOf(count) },
    by: [{ kind: 'caller' }],
    quota,
    windowMs: units[unit].ms,
    burst: quota,
    cost: 1,
    mode: 'enforce',
    // A decision must not be measured without Redis by mistake.
    onError: 'deny',
    overrides: [],
  }));
}

/** One count for all, as fast as can be counted, with and without leases. */
export const hotDomains = ['hot', 'hot-leased'] as const;

export function hotDefinitions(): LimitDefinition[] {
  return hotDomains.map((name) => ({
    name,
    match: { service: name },
    by: [],
    quota: 1_000_000,
    windowMs: 1000,
    burst: 1_000_000,
    cost: 1,
    mode: 'enforce',
    onError: 'deny',
    overrides: [],
    ...(name === 'hot-leased' && { lease: { tokens: 10_000, forMs: 100 } }),
  }));
}

/** A file of envoyproxy/ratelimit; JSON, and so YAML. */
export function domainFile(count: LimitCount): string {
  const descriptors = measuredLimits.slice(0, count).map(({ name, unit, quota }) => ({
    key: name,
    rate_limit: { unit, requests_per_unit: quota },
  }));
  return JSON.stringify({ domain: domainOf(count), descriptors });
}

/** A limits.yaml for a whole Sallyport, whose policy knows one caller: tenants stand for them. */
export function tenantLimitsFile(count: LimitCount): string {
  const limits = measuredLimits.slice(0, count).map(({ name, unit, quota }) => ({
    name,
    match: {},
    by: ['header:x-tenant'],
    rate: `${quota}/${{ minute: '1m', hour: '1h', day: '24h' }[unit]}`,
    onError: 'deny',
  }));
  return JSON.stringify({ version: 1, limits });
}
