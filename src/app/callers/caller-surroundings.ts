import { KeyServers, type KeyServersOptions } from '../../identity/keys/key-servers.ts';
import { MemoryReplayStore } from '../../identity/replay/memory-replay-store.ts';
import { RedisReplayStore } from '../../identity/replay/redis-replay-store.ts';
import { SoonestExpiring } from '../../telemetry/soonest-expiring.ts';
import type { Logger } from '../../telemetry/log.ts';
import { askForKeys } from './ask-for-keys.ts';
import type { CallerSurroundings } from './load-callers.ts';
import type { Surroundings } from '../surroundings.ts';
import type { SharedState } from '../shared-state/shared-state.ts';

/** For a server: what comes of tokens and of their issuers' keys is counted, and logged. */
export function createCallerSurroundings(
  { redis }: SharedState,
  { clock, log, telemetry }: Surroundings,
): CallerSurroundings {
  const logFetched = keyLog(log);
  const onFetched: KeyServersOptions['onFetched'] = (issuer, fault) => {
    telemetry.keysFetched(issuer, fault === undefined ? clock.nowMs() : undefined);
    logFetched(issuer, fault);
  };
  const soonest = new SoonestExpiring();
  telemetry.certificates.track('caller', () => soonest.read(clock.nowMs()));
  const keyServers = new KeyServers({ ...askForKeys, clock, onFetched });
  telemetry.certificates.track('jwks_server', () => keyServers.certificates());
  return {
    keyServers,
    replays:
      redis === undefined
        ? new MemoryReplayStore(clock)
        : new RedisReplayStore(redis.connection, redis.key('used:')),
    clock,
    onTokenJudged: telemetry.tokenJudged,
    onCertificate: (facts) => {
      soonest.seen(facts);
    },
  };
}

/** Logs that an issuer's keys cannot be had, and that they can again; not each attempt. */
function keyLog(log: Logger): KeyServersOptions['onFetched'] {
  const faults = new Map<string, string | undefined>();
  return (issuer, fault) => {
    const isNews = !faults.has(issuer) || faults.get(issuer) !== fault;
    faults.set(issuer, fault);
    if (!isNews) return;
    if (fault === undefined) log.info('the keys of a token issuer are known', { issuer });
    else {
      log.error('the keys of a token issuer cannot be had: without any, its tokens are denied', {
        issuer,
        cause: fault,
      });
    }
  };
}
