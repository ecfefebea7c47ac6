import type { Config } from '../config/config.ts';
import type { LoadedConfig } from '../config/load-config.ts';
import { needsRestart } from '../config/needs-restart.ts';
import { formatProblem, type Problem } from '../config/problem.ts';
import { watchFiles } from '../config/watch-files.ts';
import type { BundleSettings } from '../domain/bundle-settings.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { GateKeeper } from './gate-keeper.ts';
import type { PolicyBundles } from './policy-bundles.ts';

/** Where the configuration came from, to read it again when it changes. */
export interface ConfigSource {
  readonly path: string;
  load(): LoadedConfig;
}

export interface ReloaderDependencies {
  readonly keeper: GateKeeper;
  readonly bundles: PolicyBundles;
  readonly source: ConfigSource;
  readonly telemetry: Telemetry;
  readonly log: Logger;
  /** After something new has begun to serve. */
  readonly onReloaded: () => void;
}

type What = 'config' | 'policy' | 'limits';
type Reload = () => Promise<readonly Problem[]>;

/**
 * Loads files anew when they change, one after another. A bad file leaves the old one serving and
 * says so in log and metric; mending the file is all there is to do.
 */
export class Reloader {
  readonly #dependencies: ReloaderDependencies;
  /** What a restart would change; the running process still has it from here. */
  readonly #started: Config;
  #stops: (() => void)[] = [];
  #last: Promise<void> = Promise.resolve();

  constructor(dependencies: ReloaderDependencies) {
    this.#dependencies = dependencies;
    this.#started = dependencies.keeper.served.config;
  }

  start(): void {
    this.#watch(this.#started);
  }

  /** Waits for a reload that is under way. */
  stop(): Promise<void> {
    this.#unwatch();
    return this.#last;
  }

  /** The files of a configuration that could not be served are those that a person now mends. */
  #watch({ policy, limits }: Config, isServed = true): void {
    const { keeper, bundles, source } = this.#dependencies;
    const whole = () => this.#reloadConfig();
    this.#onChange('config', [source.path], whole);
    this.#onChange(
      'policy',
      localPaths(policy.bundles),
      isServed ? () => bundles.refreshLocal() : whole,
    );
    this.#onChange(
      'policy',
      [policy.protoDescriptor],
      isServed ? () => keeper.reloadConfig(keeper.served.config) : whole,
    );
    this.#onChange('limits', [limits], isServed ? () => keeper.reloadLimits() : whole);
  }

  #onChange(what: What, paths: readonly (string | undefined)[], reload: Reload): void {
    const files = paths.filter((path) => path !== undefined);
    const enqueue = (): void => {
      this.#last = this.#last.then(() => this.#reload(what, reload));
    };
    this.#stops.push(watchFiles(files, enqueue));
  }

  #unwatch(): void {
    for (const stop of this.#stops) stop();
    this.#stops = [];
  }

  /** Never rejects: one failed reload must not be the last. */
  async #reload(what: What, reload: Reload): Promise<void> {
    try {
      this.#report(what, await reload());
    } catch (fault) {
      const message = fault instanceof Error ? fault.message : String(fault);
      this.#report(what, [{ file: this.#dependencies.source.path, path: '', message }]);
    }
  }

  async #reloadConfig(): Promise<readonly Problem[]> {
    const { bundles, source, log } = this.#dependencies;
    const loaded = source.load();
    if ('problems' in loaded) return loaded.problems;
    const problems = await bundles.reconfigure(loaded.config);
    this.#unwatch();
    this.#watch(loaded.config, problems.length === 0);
    if (problems.length > 0) return problems;
    const waiting = needsRestart(this.#started, loaded.config);
    if (waiting.length > 0) log.warn('these changes need a restart', { keys: waiting });
    return [];
  }

  #report(what: What, problems: readonly Problem[]): void {
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

function localPaths(bundles: readonly BundleSettings[]): string[] {
  return bundles.flatMap(({ source }) => (source.kind === 'local' ? [source.path] : []));
}
