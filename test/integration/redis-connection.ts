import type { TestContext } from 'node:test';
import { systemClock } from '../../src/domain/clock.ts';
import type { RedisSettings } from '../../src/shared-state/redis-settings.ts';
import { RedisLimitStore } from '../../src/limits/stores/redis-store.ts';
import {
  createRedisConnection,
  type RedisConnection,
} from '../../src/shared-state/redis-connection.ts';
import type { Charge } from '../../src/limits/stores/store.ts';
import { unobserved } from '../setup/redis-settings.ts';

export interface OpenedConnection {
  readonly connection: RedisConnection;
  readonly store: RedisLimitStore;
  readonly lost: string[];
  readonly renewalsFailed: string[];
}

/** Closed when the test ends. */
export function openConnection(t: TestContext, settings: RedisSettings): OpenedConnection {
  const lost: string[] = [];
  const renewalsFailed: string[] = [];
  const connection = createRedisConnection(settings, {
    connected: () => {},
    lost: (cause) => lost.push(cause),
    renewalFailed: (cause) => renewalsFailed.push(cause),
  });
  t.after(() => {
    connection.close();
  });
  const isCluster = settings.servers.kind === 'cluster';
  const store = new RedisLimitStore(
    connection,
    { keyPrefix: 'sallyport:', isCluster, observer: unobserved },
    systemClock,
  );
  return { connection, store, lost, renewalsFailed };
}

/** One of `burst` units that come back after days. */
export function chargeFor(counted: string, burst: number): Charge {
  const amount = 3_600_000_000;
  return { key: `limit:${counted}`, counted, amount, capacity: burst * amount, enforced: true };
}

/** What came of one request: admitted, refused, or an error's message. */
export async function ask({ store }: OpenedConnection, charge: Charge): Promise<boolean | string> {
  try {
    return (await store.take([charge], Number.MAX_SAFE_INTEGER)).admitted;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
