import { Redis, type Result } from 'ioredis';
import { takeScript } from './take-script.ts';

/** The part of the configuration that a connection needs. */
export interface RedisSettings {
  /** `redis://[user[:password]@]host:port[/db]`, `rediss://…` or `unix:/path`. A secret. */
  readonly url: string;
  readonly connectTimeoutMs: number;
  /** Far below the time for a check, so that what a limit says for a fault can still be done. */
  readonly commandTimeoutMs: number;
}

/** Told when Redis comes and goes. Must not throw. */
export interface RedisObserver {
  connected(): void;
  /** At each loss, and at each attempt to connect that failed. */
  lost(cause: string): void;
}

export interface RedisConnection {
  /** Connected, logged in, and with its data loaded. When false, commands fail at once. */
  isUp(): boolean;
  /** Runs `takeScript`. Rejects on an error, a lost connection, or after the command timeout. */
  runTakeScript(keys: readonly string[], args: readonly (string | number)[]): Promise<unknown>;
  /** Ends the connection for good; what is in flight is rejected. */
  close(): void;
}

declare module 'ioredis' {
  interface RedisCommander<Context> {
    takeLimits(keyCount: number, ...keysAndArgs: (string | number)[]): Result<unknown, Context>;
  }
}

/** Connects in the background, again and again; a Redis that is away is no error. */
export function createRedisConnection(
  settings: RedisSettings,
  observer: RedisObserver,
): RedisConnection {
  const { url } = settings;
  const client = new Redis(url.startsWith('unix:') ? url.slice(5) : url, optionsFor(settings));
  let cause: string | undefined;
  const onClose = (): void => {
    observer.lost(cause ?? 'the connection was closed');
    cause = undefined;
  };
  client.on('error', (error: NodeJS.ErrnoException) => {
    // Where a name has several addresses and none answers, the message is empty.
    cause = error.message === '' ? error.code : error.message;
  });
  client.on('close', onClose);
  client.on('ready', () => {
    observer.connected();
  });
  return {
    isUp: () => client.status === 'ready',
    runTakeScript: async (keys, args) => {
      try {
        return await client.takeLimits(keys.length, ...keys, ...args);
      } catch (error) {
        throw inPlainWords(error);
      }
    },
    close: () => {
      client.off('close', onClose);
      client.disconnect();
    },
  };
}

/**
 * A command is sent at once and once, or it fails: by default ioredis keeps commands for later
 * and sends them again, so a request that was refused long ago would still be counted.
 * `takeLimits` is EVALSHA, and EVAL where the script is not known (NOSCRIPT).
 */
function optionsFor({ connectTimeoutMs, commandTimeoutMs }: RedisSettings) {
  return {
    scripts: { takeLimits: { lua: takeScript } },
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    connectTimeout: connectTimeoutMs,
    commandTimeout: commandTimeoutMs,
    // A server that hangs: after a few time-outs drop the connection, and with it what waits in it.
    socketTimeout: 4 * commandTimeoutMs,
    retryStrategy: reconnectDelayMs,
    // After a failover the name leads to the new primary, but this connection still to the old one.
    reconnectOnError: (error: Error) => error.message.startsWith('READONLY'),
  };
}

/** ioredis names its own option where the connection ended before the reply. */
function inPlainWords(error: unknown): unknown {
  return error instanceof Error && error.name === 'MaxRetriesPerRequestError'
    ? new Error('the connection to Redis was lost', { cause: error })
    : error;
}

const firstDelayMs = 50;
const maxDelayMs = 2000;

/** Doubles, and is spread over half its length so that replicas do not come back all at once. */
function reconnectDelayMs(attempt: number): number {
  const delayMs = Math.min(firstDelayMs * 2 ** (attempt - 1), maxDelayMs);
  return delayMs * (1 - Math.random() / 2);
}
