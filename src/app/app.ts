import type { ListenAddress } from '../domain/listen-address.ts';
import type { Config } from '../config/config.ts';
import { type Clock, systemClock } from '../domain/clock.ts';
import { createGrpcServer } from '../server/grpc-server.ts';
import { createHealthService } from '../server/health-service.ts';
import { createStderrLogger, type Logger } from '../telemetry/log.ts';
import { createTelemetry, type Telemetry } from '../telemetry/telemetry.ts';
import { probeAdminToken } from './admin-token.ts';
import { createAdmin } from './admin.ts';
import { createAuditTrail } from './audit-trail.ts';
import { createChecks } from './checks.ts';
import { faultLog } from './fault-log.ts';
import { GateKeeper } from './gate-keeper.ts';
import { createBundleNews } from './bundle-news.ts';
import { insecureOptions, warnOfInsecurity } from './insecurity.ts';
import { type LimitCounts, openLimitCounts } from './limit-counts.ts';
import { problemsOf, throwProblems, valueOf } from './loaded.ts';
import { PolicyBundles } from './policy-bundles.ts';
import { type ConfigSource, filesOf, Reloader } from './reloader.ts';
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
  const health = createHealthService();
  let isListening = false;
  /** Without a policy every check is denied: Envoy had better ask somebody else. */
  const showHealth = (): void => {
    health.setServing(isListening && gate.keeper.served.bundle !== undefined);
  };
  throwProblems(problemsOf(await probeAdminToken(config.admin)));
  await source.files.look(filesOf(config));
  const gate = await openGate(config, { clock, log, telemetry, onActivated: showHealth });
  const { keeper, bundles, counts } = gate;
  const recorder = createAuditTrail(config.audit, log, telemetry);
  const checks = createChecks({ keeper, clock, recorder, observer: telemetry.observer, onFault });
  const server = createGrpcServer(config.server, [checks, health], onFault);
  const admin = createAdmin({ ...gate, telemetry, log, clock, isListening: () => isListening });
  telemetry.trackChecksInFlight(() => checks.inFlight());
  telemetry.trackBundles(() => bundles.status());

  /** Tells everything outside the gate what serves from now on. */
  const announce = (): void => {
    const { config: serving, mask } = keeper.served;
    recorder.useMask(mask);
    telemetry.setInsecureOptions(insecureOptions(serving));
    warnOfInsecurity(serving, log);
  };
  const reloader = new Reloader({ ...gate, source, telemetry, log, onReloaded: announce });

  async function start() {
    announce();
    const adminAddress = await admin.start();
    const address = await server.start();
    reloader.start();
    bundles.start();
    isListening = true;
    showHealth();
    return { address, adminAddress };
  }

  async function stop() {
    isListening = false;
    await server.drain();
    await reloader.stop();
    await bundles.stop();
    await recorder.close();
    await admin.stop();
    counts.close();
  }

  return { start: () => orElse(start(), stop), stop };
}

/** What a failed start leaves open would keep the process alive, listening to nobody. */
async function orElse<T>(work: Promise<T>, undo: () => Promise<void> | void): Promise<T> {
  try {
    return await work;
  } catch (fault) {
    await undo();
    throw fault;
  }
}

interface GateSurroundings {
  readonly clock: Clock;
  readonly log: Logger;
  readonly telemetry: Telemetry;
  readonly onActivated: () => void;
}

/** What decides, and what keeps it up to date. Rejects with every problem of local files. */
async function openGate(
  config: Config,
  { clock, log, telemetry, onActivated }: GateSurroundings,
): Promise<{ counts: LimitCounts; keeper: GateKeeper; bundles: PolicyBundles }> {
  const counts = await openLimitCounts(config.redis, clock, log, telemetry);
  const open = async () => {
    const keeper = valueOf(await GateKeeper.open(config, counts.surroundings));
    const news = createBundleNews(log, telemetry, onActivated);
    const bundles = new PolicyBundles(keeper, clock, news);
    throwProblems(await bundles.open());
    return { counts, keeper, bundles };
  };
  return orElse(open(), () => {
    counts.close();
  });
}
