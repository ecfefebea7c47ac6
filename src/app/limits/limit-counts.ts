import type { Clock } from '../../domain/clock.ts';
import type { EmergencyOverride } from '../../domain/limits/limit-override.ts';
import type { BucketSurroundings } from '../../limits/buckets.ts';
import { DenialCache } from '../../limits/stores/denial-cache.ts';
import { Leases } from '../../limits/stores/leases.ts';
import { MemoryLimitStore } from '../../limits/stores/memory-store.ts';
import { Offenders } from '../../limits/offenders.ts';
import { RedisLimitStore } from '../../limits/stores/redis-store.ts';
import { ReplicaCensus } from '../../shared-state/replica-census.ts';
import type { Logger } from '../../telemetry/log.ts';
import { changeLog } from '../logs/change-log.ts';
import type { SharedRedis, SharedState } from '../shared-state/shared-state.ts';

/** Where limits are counted. Outlives every reload, so that callers keep their place. */
export interface LimitCounts {
  readonly surroundings: BucketSurroundings;
  /** For people: what counts, and whether it does. */
  describe(): string;
  /** Buckets were emptied, here or by another replica. */
  forget(): void;
  start(): void;
  stop(): void;
}

type Overrides = () => readonly EmergencyOverride[];
const none: readonly EmergencyOverride[] = [];

export function createMemoryCounts(clock: Clock, overrides: Overrides = () => none): LimitCounts {
  const store = new MemoryLimitStore(clock);
  const offenders = new Offenders(clock);
  return {
    surroundings: { store, localStore: store, replicas: () => 1, overrides, offenders, clock },
    describe: () => 'counted in memory, by this process alone',
    forget: () => {},
    start: () => {},
    stop: () => {},
  };
}

/** In Redis where it is configured. */
export function createLimitCounts(
  shared: SharedState,
  clock: Clock,
  log: Logger,
  overrides: Overrides,
): LimitCounts {
  const { redis } = shared;
  if (redis === undefined) return createMemoryCounts(clock, overrides);
  const { connection, key, config } = redis;
  const refusals = new DenialCache(createRedisStore(redis, clock), clock);
  const store = new Leases(refusals, clock);
  const onFault = changeLog(
    log,
    'replicas are not counted: onError local divides by the last number',
  );
  const census = new ReplicaCensus({ runner: connection, key: key('replicas'), onFault });
  const isCounting = config.replicas === 'auto';
  shared.onConnected(() => {
    if (isCounting) census.beatNow();
  });
  return {
    surroundings: {
      store,
      localStore: new MemoryLimitStore(clock),
      replicas: () => (config.replicas === 'auto' ? census.count : config.replicas),
      overrides,
      offenders: new Offenders(clock),
      clock,
    },
    describe: () =>
      connection.isUp() ? 'counted in Redis' : "Redis is away: each limit's onError holds",
    forget: () => {
      refusals.forget();
      store.forget();
    },
    start: () => {
      if (isCounting) census.start();
    },
    stop: () => {
      census.stop();
    },
  };
}

function createRedisStore(
  { connection, config, observer }: SharedRedis,
  clock: Clock,
): RedisLimitStore {
  const options = {
    keyPrefix: config.keyPrefix,
    isCluster: config.cluster !== undefined,
    observer: {
      opened: ({ message }: Error) => {
        observer.lost(message);
      },
      closed: () => {
        observer.connected();
      },
    },
  };
  return new RedisLimitStore(connection, options, clock);
}
