import type { RedisConfig } from '../config/config.ts';
import { formatProblem } from '../config/problem.ts';
import { FileWatcher } from '../config/watch-files.ts';
import type { Clock } from '../domain/clock.ts';
import { DenialCache } from '../limits/denial-cache.ts';
import type { LimiterSurroundings } from '../limits/limiter.ts';
import { MemoryLimitStore } from '../limits/memory-store.ts';
import { RedisLimitStore } from '../limits/redis-store.ts';
import { createRedisConnection, type RedisObserver } from '../shared-state/redis-connection.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { valueOf } from './loaded.ts';
import { loadRedisSettings, redisFiles } from './redis-settings.ts';

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

async function countInRedis(
  config: RedisConfig,
  clock: Clock,
  observer: RedisObserver,
): Promise<LimitCounts> {
  const paths = redisFiles(config);
  const watcher = new FileWatcher();
  await watcher.look(paths);
  const connection = createRedisConnection(valueOf(loadRedisSettings(config)), observer);
  const onChange = (): void => {
    const renewed = loadRedisSettings(config);
    if ('value' in renewed) connection.renew(renewed.value);
    else observer.renewalFailed(renewed.problems.map(formatProblem).join('; '));
  };
  if (paths.length > 0) watcher.watch([{ paths, onChange }]);
  const store = new RedisLimitStore(
    connection,
    {
      keyPrefix: config.keyPrefix,
      isCluster: config.cluster !== undefined,
      observer: {
        opened: ({ message }) => {
          observer.lost(message);
        },
        closed: () => {
          observer.connected();
        },
      },
    },
    clock,
  );
  return {
    surroundings: {
      store: new DenialCache(store, clock),
      localStore: new MemoryLimitStore(clock),
      replicas: config.replicas,
      clock,
    },
    describe: () =>
      connection.isUp() ? 'counted in Redis' : "Redis is away: each limit's onError holds",
    close: () => {
      watcher.stop();
      connection.close();
    },
  };
}

/**
 * In Redis where it is configured.
 * Rejects with all that is wrong with the files of the Redis configuration.
 */
export async function openLimitCounts(
  redis: RedisConfig | undefined,
  clock: Clock,
  log: Logger,
  telemetry: Telemetry,
): Promise<LimitCounts> {
  return redis === undefined
    ? countInMemory(clock)
    : countInRedis(redis, clock, redisObserver(log, telemetry));
}

/** Logs that Redis came or went, not each attempt to reach it. */
function redisObserver(log: Logger, telemetry: Telemetry): RedisObserver {
  let up: boolean | undefined;
  return {
    connected() {
      const wasUp = up === true;
      up = true;
      telemetry.setRedisUp(true);
      if (!wasUp) log.info('Redis is connected: limits are shared');
    },
    lost(cause) {
      const wasLost = up === false;
      up = false;
      telemetry.setRedisUp(false);
      if (!wasLost) log.error('Redis is away: limits follow their onError', { cause });
    },
    renewalFailed(cause) {
      log.error('Redis is not reached with the renewed files: mend them; the old ones hold', {
        cause,
      });
    },
  };
}
