import { createAdminServer } from '../admin/admin-server.ts';
import type { AdminFacts, Readiness } from '../admin/facts.ts';
import { compileMask } from '../audit/mask.ts';
import type { Config, ListenAddress } from '../config/config.ts';
import { systemClock } from '../domain/clock.ts';
import { createGrpcServer } from '../server/grpc-server.ts';
import { createHealthService } from '../server/health-service.ts';
import { createStderrLogger, type Logger } from '../telemetry/log.ts';
import { createTelemetry, type Telemetry } from '../telemetry/telemetry.ts';
import { createAuditTrail } from './audit-trail.ts';
import { createChecks } from './checks.ts';
import { GateKeeper, type Served } from './gate-keeper.ts';
import { countInMemory, countInRedis, type LimitCounts, redisObserver } from './limit-counts.ts';
import { valueOf } from './loaded.ts';
import { type ConfigSource, Reloader } from './reloader.ts';
import { version } from './version.ts';

export interface App {
  /** Resolves when checks are answered. Rejects with a sentence when they cannot be. */
  start(): Promise<{ readonly address: ListenAddress; readonly adminAddress: ListenAddress }>;
  /** Drains; bounded by `server.drainTimeout`. */
  stop(): Promise<void>;
}

/**
 * Puts a server together: every part is made here, and handed what it needs. Rejects with every
 * problem when the files that the configuration names cannot be served.
 */
export async function createApp(config: Config, source: ConfigSource): Promise<App> {
  const clock = systemClock;
  const log = createStderrLogger(clock);
  const telemetry = createTelemetry({ version });
  const counts = countsFor(config, log, telemetry);
  const keeper = valueOf(await GateKeeper.open(config, counts.surroundings));
  const recorder = createAuditTrail(config.audit, log, telemetry);
  const onFault = faultLog(log);
  const health = createHealthService();
  const checks = createChecks({ keeper, clock, recorder, observer: telemetry.observer, onFault });
  const server = createGrpcServer(config.server, [checks, health], onFault);
  let listening = false;
  const admin = createAdminServer({
    address: config.admin.address,
    facts: () => factsOf(keeper.served),
    readiness: () => readinessOf(keeper.served, counts, listening),
    scrape: telemetry.scrape,
    scrapeContentType: telemetry.contentType,
    onFault: (fault) => {
      onFault('answering on the admin address', fault);
    },
  });
  let reloader: Reloader | undefined;

  const publish = (): void => {
    const { config: current, policy } = keeper.served;
    recorder.useMask(compileMask(current.audit.mask));
    telemetry.bundleLoaded(policy.identity, clock.nowMs());
    telemetry.setInsecureOptions(insecureOptions(current));
    warnOfInsecurity(current, log);
  };

  return {
    async start() {
      publish();
      telemetry.trackChecksInFlight(checks.inFlight);
      const adminAddress = await admin.start();
      const address = await server.start();
      reloader = new Reloader({ keeper, source, telemetry, log, onReloaded: publish });
      listening = true;
      health.setServing(true);
      return { address, adminAddress };
    },
    async stop() {
      listening = false;
      await server.drain();
      await reloader?.stop();
      await recorder.close();
      await admin.stop();
      counts.close();
    },
  };
}

function countsFor({ redis }: Config, log: Logger, telemetry: Telemetry): LimitCounts {
  return redis === undefined
    ? countInMemory(systemClock)
    : countInRedis(redis, systemClock, redisObserver(log, telemetry));
}

function faultLog(log: Logger): (where: string, fault: unknown) => void {
  return (where, fault) => {
    log.error(`fault while ${where}`, { fault: fault instanceof Error ? fault : String(fault) });
  };
}

/** Names, as in the metric: `ambiguousPaths/semicolon`. */
function insecureOptions({ insecure, identity }: Config): string[] {
  const names = insecure.ambiguousPaths.map((name) => `ambiguousPaths/${name}`);
  return identity.require === 'none' ? [...names, 'identity.require/none'] : names;
}

function warnOfInsecurity(config: Config, log: Logger): void {
  const options = insecureOptions(config);
  if (options.length > 0) log.warn('the configuration weakens the defaults', { options });
}

function factsOf({ config, policy, limits }: Served): AdminFacts {
  return {
    version,
    policy: policy.identity,
    limits: limits.names,
    insecureOptions: insecureOptions(config),
  };
}

/** A gate cannot exist without a policy and limits, so what is left to wait for is the listener. */
function readinessOf(served: Served, counts: LimitCounts, listening: boolean): Readiness[] {
  const { name, revision } = served.policy.identity;
  return [
    { name: 'policy', ready: true, detail: `${name} ${revision}` },
    { name: 'limits', ready: true, detail: counts.describe() },
    { name: 'listener', ready: listening },
  ];
}
