import type { ListenAddress } from '../domain/listen-address.ts';
import { compileMask } from '../audit/mask.ts';
import type { Config } from '../config/config.ts';
import { systemClock } from '../domain/clock.ts';
import type { OnFault } from '../server/fault.ts';
import { createGrpcServer } from '../server/grpc-server.ts';
import { createHealthService } from '../server/health-service.ts';
import { createStderrLogger, type Logger } from '../telemetry/log.ts';
import { createTelemetry } from '../telemetry/telemetry.ts';
import { createAdmin } from './admin.ts';
import { createAuditTrail } from './audit-trail.ts';
import { createChecks } from './checks.ts';
import { GateKeeper } from './gate-keeper.ts';
import { insecureOptions, warnOfInsecurity } from './insecurity.ts';
import { openLimitCounts } from './limit-counts.ts';
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
  const onFault = faultLog(log);
  const telemetry = createTelemetry({ version });
  const counts = openLimitCounts(config.redis, clock, log, telemetry);
  const keeper = valueOf(await GateKeeper.open(config, counts.surroundings));
  const recorder = createAuditTrail(config.audit, log, telemetry);
  const health = createHealthService();
  const checks = createChecks({ keeper, clock, recorder, observer: telemetry.observer, onFault });
  const server = createGrpcServer(config.server, [checks, health], onFault);
  let isListening = false;
  const admin = createAdmin({ keeper, counts, telemetry, onFault, isListening: () => isListening });
  telemetry.trackChecksInFlight(() => checks.inFlight());

  /** Tells everything outside the gate what serves from now on. */
  const announce = (): void => {
    const { config: serving, policy } = keeper.served;
    recorder.useMask(compileMask(serving.audit.mask));
    telemetry.bundleLoaded(policy.identity, clock.nowMs());
    telemetry.setInsecureOptions(insecureOptions(serving));
    warnOfInsecurity(serving, log);
  };
  const reloader = new Reloader({ keeper, source, telemetry, log, onReloaded: announce });

  return {
    async start() {
      announce();
      const adminAddress = await admin.start();
      const address = await server.start();
      reloader.start();
      isListening = true;
      health.setServing(true);
      return { address, adminAddress };
    },
    async stop() {
      isListening = false;
      await server.drain();
      await reloader.stop();
      await recorder.close();
      await admin.stop();
      counts.close();
    },
  };
}

function faultLog(log: Logger): OnFault {
  return (where, fault) => {
    log.error(`fault while ${where}`, { fault: fault instanceof Error ? fault : String(fault) });
  };
}
