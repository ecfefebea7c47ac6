import type { RedisConfig } from '../../config/config.ts';
import { formatProblem } from '../../config/problem.ts';
import { FileWatcher } from '../../config/watch-files.ts';
import type { Clock } from '../../domain/clock.ts';
import { createMemoryBoard, createRedisBoard } from '../../shared-state/boards.ts';
import type { Board } from '../../shared-state/bulletin.ts';
import {
  createRedisConnection,
  type RedisConnection,
  type RedisObserver,
} from '../../shared-state/redis-connection.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import { valueOf } from '../../config/loaded.ts';
import { watchRedisCertificates } from './redis-certificates.ts';
import { loadRedisSettings, redisFiles } from './redis-settings.ts';

/** What this replica shares with others: through Redis, or with nobody. */
export interface SharedState {
  readonly redis: SharedRedis | undefined;
  /** A board for one kind of notice. */
  board(name: string): Board;
  /** Calls it whenever Redis can be reached again. */
  onConnected(listener: () => void): void;
  close(): void;
}

export interface SharedRedis {
  readonly config: RedisConfig;
  readonly connection: RedisConnection;
  /** Also told by whoever finds out that Redis does not answer. */
  readonly observer: RedisObserver;
  /** Of what is no limit's: names of limits begin with a letter. */
  readonly key: (name: string) => string;
}

function createUnsharedState(clock: Clock): SharedState {
  return {
    redis: undefined,
    board: () => createMemoryBoard(clock),
    onConnected: () => {},
    close: () => {},
  };
}

/** Rejects with all that is wrong with the files of the Redis configuration. */
export async function openSharedState(
  config: RedisConfig | undefined,
  clock: Clock,
  log: Logger,
  telemetry: Telemetry,
): Promise<SharedState> {
  if (config === undefined) return createUnsharedState(clock);
  const listeners: (() => void)[] = [];
  const observer = redisObserver(log, telemetry, () => {
    for (const listener of listeners) listener();
  });
  const paths = redisFiles(config);
  const watcher = new FileWatcher();
  await watcher.look(paths);
  let settings = valueOf(loadRedisSettings(config));
  const connection = createRedisConnection(settings, observer);
  const stopCertificates = watchRedisCertificates({
    connection,
    settings: () => settings,
    watch: telemetry.certificates,
    clock,
  });
  const onChange = (): void => {
    const renewed = loadRedisSettings(config);
    if ('value' in renewed) connection.renew((settings = renewed.value));
    else observer.renewalFailed(renewed.problems.map(formatProblem).join('; '));
  };
  if (paths.length > 0) watcher.watch([{ paths, onChange }]);
  const key = (name: string): string => `${config.keyPrefix}@${name}`;
  return {
    redis: { config, connection, observer, key },
    board: (name) => createRedisBoard(connection, key(name)),
    onConnected: (listener) => listeners.push(listener),
    close: () => {
      watcher.stop();
      stopCertificates();
      connection.close();
    },
  };
}

/** Logs that Redis came or went, not each attempt to reach it. */
function redisObserver(log: Logger, telemetry: Telemetry, onConnected: () => void): RedisObserver {
  let up: boolean | undefined;
  let toldOfRenewal: string | undefined;
  return {
    connected() {
      const wasUp = up === true;
      up = true;
      toldOfRenewal = undefined;
      telemetry.setRedisUp(true);
      if (!wasUp) log.info('Redis is connected: limits are shared');
      onConnected();
    },
    lost(cause) {
      const wasLost = up === false;
      up = false;
      telemetry.setRedisUp(false);
      if (!wasLost)
        log.error('Redis is away: limits follow their onError, and no grant counts', { cause });
    },
    renewalFailed(cause) {
      if (cause === toldOfRenewal) return;
      toldOfRenewal = cause;
      log.error(
        'a new connection to Redis cannot be made, and the old one goes on: mend its files',
        {
          cause,
        },
      );
    },
  };
}
