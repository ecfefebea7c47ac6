import type { ListenAddress } from '../domain/listen-address.ts';
import type { Config } from '../config/config.ts';
import { systemClock } from '../domain/clock.ts';
import type { Recorder } from '../audit/recorder.ts';
import { createGrpcServer } from '../server/grpc-server.ts';
import { createHealthService } from '../server/health/health-service.ts';
import { createStderrLogger } from '../telemetry/log.ts';
import { createTelemetry } from '../telemetry/telemetry.ts';
import { probeAdminToken } from './admin/admin-token.ts';
import { createAdmin } from './admin/admin.ts';
import { createAuditTrail } from './logs/audit-trail.ts';
import { warnOfCertificates } from './door/certificate-warnings.ts';
import { createChecks } from './checks.ts';
import { DoorKeeper } from './door/door-keeper.ts';
import { faultLog } from './logs/fault-log.ts';
import { insecureOptions, warnOfInsecurity } from './insecurity.ts';
import { createLabels } from './labels.ts';
import { problemsOf, throwProblems, valueOf } from '../config/loaded.ts';
import { type OpenGate, openGate } from './gate/open-gate.ts';
import type { Surroundings } from './surroundings.ts';
import { undoOnFailure } from './undo-on-failure.ts';
import { type ConfigSource, filesOf, Reloader } from './reloader.ts';
import { statusReport } from './policy/status-document.ts';
import { createStatusReports } from './policy/status-reports.ts';
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
  const surroundings = createSurroundings();
  const { clock, log, telemetry } = surroundings;
  const onFault = faultLog(log);
  const health = createHealthService();
  let isListening = false;
  await lookAtFiles(config, source);
  /** From the start on; what was before it is shown then. */
  const showState = (): void => {
    if (!isListening) return;
    // Without a policy every check is denied: Envoy had better ask somebody else.
    health.setServing(!keeper.served.isWaiting);
    statusReports.changed();
  };
  const door = config.server.tls && valueOf(await DoorKeeper.open(config.server.tls, surroundings));
  const gate = await undoOnFailure(openGate(config, surroundings, showState), () => door?.close());
  const { keeper, bundles } = gate;
  const labels = createLabels(config.audit);
  const report = () => statusReport(labels, bundles.status());
  const statusReports = createStatusReports(config.policy.status, report, surroundings);
  const recorder = createAuditTrail(config.audit, labels, log, telemetry);
  const checks = createChecks({ ...gate, clock, recorder, onFault });
  const server = createGrpcServer(config.server, [checks, health], onFault, door?.doorOptions);
  door?.serve(server);
  const admin = createAdmin({ ...gate, ...surroundings, isListening: () => isListening, report });
  telemetry.trackChecksInFlight(() => checks.inFlight());

  const announce = () => announceServed(gate, recorder, surroundings);
  const reloader = new Reloader({ ...gate, ...surroundings, door, source, onReloaded: announce });

  async function start() {
    announce();
    gate.start(recorder);
    const adminAddress = await admin.start();
    const address = await server.start();
    reloader.start();
    bundles.start();
    isListening = true;
    showState();
    warnOfCertificates(surroundings);
    return { address, adminAddress };
  }

  async function stop() {
    isListening = false;
    await server.drain();
    await reloader.stop();
    await bundles.stop();
    await statusReports.stop();
    gate.close();
    await recorder.close();
    await admin.stop();
  }

  return { start: () => undoOnFailure(start(), stop), stop };
}

/** Before they are read, so that no change of them is missed. */
async function lookAtFiles(config: Config, source: ConfigSource): Promise<void> {
  throwProblems(problemsOf(await probeAdminToken(config.admin)));
  await source.files.look(filesOf(config));
}

/** Tells everything outside the gate what serves from now on. */
function announceServed(
  { keeper, callers, grants }: OpenGate,
  recorder: Recorder,
  { telemetry, log }: Surroundings,
): void {
  const { config, engines, mask } = keeper.served;
  recorder.useMask(mask);
  grants.held.apply({ terms: config.grants, services: engines.access?.services });
  callers.keyServers.keepOnly(config.identity.jwt);
  telemetry.setInsecureOptions(insecureOptions(config));
  warnOfInsecurity(config, log);
}

function createSurroundings(): Surroundings {
  const clock = systemClock;
  return { clock, log: createStderrLogger(clock), telemetry: createTelemetry({ version }) };
}
