import type { RedisConfig } from '../config/config.ts';
import type { Clock } from '../domain/clock.ts';
import type { LimiterSurroundings } from '../limits/limiter.ts';
import { MemoryLimitStore } from '../limits/memory-store.ts';
import { RedisLimitStore } from '../limits/redis-store.ts';
import { createRedisConnection, type RedisObserver } from '../limits/redis.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';

/** Where limits are counted. Outlives every reload, so that callers keep their place. */
export interface LimitCounts {
  readonly surroundings: LimiterSurroundings;
  /** For people: what counts, and whether it does. */
  describe(): string;
  close(): void;
}

export function countInMemory(clock: Clock): LimitCounts {
  const store = new MemoryLimitStore(clock);
  return {
    surroundings: { store, localStore: store, replicas: 1, clock },
    describe: () => 'counted in memory, by this process alone',
    close: () => {},
  };
}

function countInRedis(config: RedisConfig, clock: Clock, observer: RedisObserver): LimitCounts {
  const connection = createRedisConnection(config, observer);
  return {
    surroundings: {
      store: new RedisLimitStore(connection, config.keyPrefix, clock),
      localStore: new MemoryLimitStore(clock),
      replicas: config.replicas,
      clock,
    },
    describe: () =>
      connection.isUp() ? 'counted in Redis' : "Redis is away: each limit's onError holds",
    close: () => {
      connection.close();
    },
  };
}

/** In Redis where it is configured. */
export function openLimitCounts(
  redis: RedisConfig | undefined,
  clock: Clock,
  log: Logger,
  telemetry: Telemetry,
): LimitCounts {
  return redis === undefined
    ? countInMemory(clock)
    : countInRedis(redis, clock, redisObserver(log, telemetry));
}

/** Logs that Redis came or went, not each attempt to reach it. */
function redisObserver(log: Logger, telemetry: Telemetry): RedisObserver {
  let up: boolean | undefined;
  return {
    connected() {
      up = true;
      telemetry.setRedisUp(true);
      log.info('Redis is connected: limits are shared');
    },
    lost(cause) {
      const wasLost = up === false;
      up = false;
      telemetry.setRedisUp(false);
      if (!wasLost) log.error('Redis is away: limits follow their onError', { cause });
    },
  };
}
