import { systemClock } from '../../src/domain/clock.ts';
import type { LimitQuestion, LimitsVerdict } from '../../src/domain/limits/limit.ts';
import type { RequestView } from '../../src/domain/request/request.ts';
import { DenialCache } from '../../src/limits/stores/denial-cache.ts';
import { Leases } from '../../src/limits/stores/leases.ts';
import { LimitTable } from '../../src/limits/limit-table.ts';
import { createLimiter } from '../../src/limits/limiter.ts';
import { MemoryLimitStore } from '../../src/limits/stores/memory-store.ts';
import { Offenders } from '../../src/limits/offenders.ts';
import { RedisLimitStore } from '../../src/limits/stores/redis-store.ts';
import { createRedisConnection } from '../../src/shared-state/redis-connection.ts';
import { hotDefinitions, limitCounts, limitDefinitions } from './measured-limits.ts';

const budgetMs = 5_000;
const silent = {
  connected: () => {},
  lost: () => {},
  renewalFailed: () => {},
  opened: () => {},
  closed: () => {},
};

/** The measured limits, as the server wires them, counted in the Redis at `redisSocket`. */
export function openMeasuredLimiter(
  redisSocket: string,
): (question: LimitQuestion) => Promise<LimitsVerdict> | LimitsVerdict {
  const servers = { kind: 'standalone', url: `unix:${redisSocket}` } as const;
  const timeouts = { connectTimeoutMs: budgetMs, commandTimeoutMs: budgetMs };
  const connection = createRedisConnection({ servers, protocol: 3, ...timeouts }, silent);
  const options = { keyPrefix: 'sallyport:', isCluster: false, observer: silent };
  const clock = systemClock;
  const definitions = [...limitCounts.flatMap(limitDefinitions), ...hotDefinitions()];
  const limiter = createLimiter(new LimitTable(definitions, overrides), {
    store: new Leases(
      new DenialCache(new RedisLimitStore(connection, options, clock), clock),
      clock,
    ),
    localStore: new MemoryLimitStore(clock),
    replicas: () => 1,
    overrides,
    offenders: new Offenders(clock),
    clock,
  });
  return (question) => limiter.take(question, clock.monotonicMs() + budgetMs);
}

const none: readonly never[] = [];
const overrides = () => none;

export function requestBy(service: string, principal: string): LimitQuestion {
  return {
    request: { ...anyRequest, service },
    caller: { principal, source: 'peer' },
    rule: undefined,
    named: [],
  };
}

const anyRequest: RequestView = {
  kind: 'http',
  method: 'GET',
  path: '/orders/7',
  query: '',
  segments: ['orders', '7'],
  host: 'orders.shop',
  service: '',
  headers: {},
  body: { state: 'absent', bytes: new Uint8Array() },
  sourceAddress: '10.8.3.21',
  attributes: {},
};
