import { messageOf } from '../domain/fault-message.ts';
import type { Config } from '../config/config.ts';
import type { LoadedConfig } from '../config/load-config.ts';
import { needsRestart } from '../config/needs-restart.ts';
import { formatProblem, type Problem } from '../config/problem.ts';
import type { FileWatch, FileWatcher } from '../config/watch-files.ts';
import type { Logger } from '../telemetry/log.ts';
import type { ReloadedPart, Telemetry } from '../telemetry/telemetry.ts';
import { type DoorKeeper, tlsFiles } from './door/door-keeper.ts';
import type { GateKeeper } from './gate/gate-keeper.ts';
import { keyFiles } from './callers/load-callers.ts';
import type { PolicyBundles } from './policy/policy-bundles.ts';

/** Where the configuration came from, to read it again when it changes. */
export interface ConfigSource {
  readonly path: string;
  /** Has looked at it before it was first loaded, so that no change after that is missed. */
  readonly files: FileWatcher;
  load(): LoadedConfig;
}

export interface ReloaderDependencies {
  readonly keeper: GateKeeper;
  readonly bundles: PolicyBundles;
  /** Absent without TLS. */
  readonly door: DoorKeeper | undefined;
  readonly source: ConfigSource;
  readonly telemetry: Telemetry;
  readonly log: Logger;
  /** After something new has begun to serve. */
  readonly onReloaded: () => void;
}

/** Undefined: the outcome is not known yet, and whoever finds it out reports it. */
type Reload = () => Promise<readonly Problem[]> | readonly Problem[] | undefined;

/**
 * Loads files anew when they change, one after another. A bad file leaves the old one serving and
 * says so in log and metric; mending the file is all there is to do.
 */
export class Reloader {
  readonly #dependencies: ReloaderDependencies;
  /** What a restart would change; the running process still has it from here. */
  readonly #started: Config;
  #last: Promise<void> = Promise.resolve();

  constructor(dependencies: ReloaderDependencies) {
    this.#dependencies = dependencies;
    this.#started = dependencies.keeper.served.config;
  }

  start(): void {
    this.#watch();
  }

  /** Waits for a reload that is under way. */
  stop(): Promise<void> {
    this.#dependencies.source.files.stop();
    this.#dependencies.door?.close();
    return this.#last;
  }

  /**
   * Watches the files of what serves, and beside them those of a configuration that was refused:
   * they are what a person now mends.
   */
  #watch(refused?: Config): void {
    const { keeper, bundles, door, source } = this.#dependencies;
    const { config } = keeper.served;
    const whole = () => this.#reloadConfig();
    source.files.watch([
      this.#on('config', [source.path, ...(refused ? filesOf(refused) : [])], whole),
      this.#on('policy', bundleFiles(config), () => bundles.refreshLocal()),
      this.#on('policy', [config.policy.protoDescriptor], () =>
        keeper.reloadConfig(keeper.served.config),
      ),
      this.#on('access', [config.access], () => keeper.reloadAccess()),
      this.#on('limits', [config.limits], () => keeper.reloadLimits()),
      this.#on('certificate', door?.files ?? [], () => door?.reload() ?? []),
      this.#on('identity', keyFiles(config.identity), () => keeper.reloadCallers()),
    ]);
  }

  #on(what: ReloadedPart, paths: readonly (string | undefined)[], reload: Reload): FileWatch {
    return {
      paths: paths.filter((path) => path !== undefined),
      onChange: () => {
        this.#last = this.#last.then(() => this.#reload(what, reload));
      },
    };
  }

  /** Never rejects: one failed reload must not be the last. */
  async #reload(what: ReloadedPart, reload: Reload): Promise<void> {
    try {
      const problems = await reload();
      if (problems !== undefined) this.#report(what, problems);
    } catch (fault) {
      const message = messageOf(fault);
      this.#report(what, [{ file: this.#dependencies.source.path, path: '', message }]);
    }
  }

  async #reloadConfig(): Promise<readonly Problem[]> {
    const { source, log } = this.#dependencies;
    const loaded = source.load();
    if ('problems' in loaded) return loaded.problems;
    await source.files.look(filesOf(loaded.config));
    const problems = await this.#reconfigure(loaded.config);
    this.#watch(problems.length > 0 ? loaded.config : undefined);
    if (problems.length > 0) return problems;
    const waiting = needsRestart(this.#started, loaded.config);
    if (waiting.length > 0) log.warn('these changes need a restart', { keys: waiting });
    return [];
  }

  /** All of it, or nothing. */
  async #reconfigure(config: Config): Promise<readonly Problem[]> {
    const { bundles, door } = this.#dependencies;
    const renewal = config.server.tls && door?.prepare(config.server.tls);
    if (renewal !== undefined && 'problems' in renewal) return renewal.problems;
    const problems = await bundles.reconfigure(config);
    if (problems.length === 0) renewal?.value();
    return problems;
  }

  #report(what: ReloadedPart, problems: readonly Problem[]): void {
    const { telemetry, log, onReloaded } = this.#dependencies;
    telemetry.reloaded(what, problems.length === 0 ? 'success' : 'failure');
    if (problems.length === 0) {
      log.info(`${what} reloaded`);
      onReloaded();
    } else {
      log.error(`${what} not reloaded: the old one goes on serving; mend the file`, {
        problems: problems.map(formatProblem),
      });
    }
  }
}

/** Everything on this machine that a configuration is read from, beside its own file. */
export function filesOf(config: Config): string[] {
  const { access, limits, policy, identity, server } = config;
  const single = [policy.protoDescriptor, access, limits].filter((path) => path !== undefined);
  return [...bundleFiles(config), ...keyFiles(identity), ...single, ...tlsFiles(server.tls)];
}

function bundleFiles({ policy }: Config): string[] {
  return policy.bundles.flatMap(({ source }) => (source.kind === 'local' ? [source.path] : []));
}
