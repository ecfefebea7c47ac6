import type { LaneObserver } from '../../src/limits/stores/take-lane.ts';
import type { RedisServers, RedisSettings } from '../../src/shared-state/redis-settings.ts';

/** A connection with time-outs that only a Redis that is gone exceeds; say what the test is about. */
export function redisSettings(
  servers: RedisServers,
  parts: Partial<RedisSettings> = {},
): RedisSettings {
  return { servers, protocol: 3, connectTimeoutMs: 1000, commandTimeoutMs: 2000, ...parts };
}

export const unobserved: LaneObserver = { opened: () => {}, closed: () => {} };
