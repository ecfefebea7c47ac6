import type { Config } from '../config/config.ts';
import type { LoadedConfig } from '../config/load-config.ts';
import { needsRestart } from '../config/needs-restart.ts';
import { formatProblem, type Problem } from '../config/problem.ts';
import { watchFiles } from '../config/watch-files.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { GateKeeper } from './gate-keeper.ts';

/** Where the configuration came from, to read it again when it changes. */
export interface ConfigSource {
  readonly path: string;
  load(): LoadedConfig;
}

export interface ReloaderDependencies {
  readonly keeper: GateKeeper;
  readonly source: ConfigSource;
  readonly telemetry: Telemetry;
  readonly log: Logger;
  /** After something new has begun to serve. */
  readonly onReloaded: () => void;
}

type What = 'config' | 'policy' | 'limits';

/**
 * Loads files anew when they change, one after another. A bad file leaves the old one serving and
 * says so in log and metric; mending the file is all there is to do.
 */
export class Reloader {
  readonly #dependencies: ReloaderDependencies;
  /** What a restart would change; the running process still has it from here. */
  readonly #started: Config;
  #watches: (() => void)[] = [];
  #last: Promise<void> = Promise.resolve();

  constructor(dependencies: ReloaderDependencies) {
    this.#dependencies = dependencies;
    this.#started = dependencies.keeper.served.config;
    this.#watch();
  }

  /** Waits for a reload that is under way. */
  stop(): Promise<void> {
    this.#unwatch();
    return this.#last;
  }

  #watch(): void {
    const { keeper, source } = this.#dependencies;
    const { policy, limits } = keeper.served.config;
    const files: Readonly<Record<What, readonly (string | undefined)[]>> = {
      config: [source.path],
      policy: [policy.bundle, policy.protoDescriptor],
      limits: [limits],
    };
    const reloads: Readonly<Record<What, () => Promise<readonly Problem[]>>> = {
      config: () => this.#reloadConfig(),
      policy: () => keeper.reloadPolicy(),
      limits: () => keeper.reloadLimits(),
    };
    for (const what of ['config', 'policy', 'limits'] as const) {
      const paths = files[what].filter((path) => path !== undefined);
      this.#watches.push(watchFiles(paths, () => this.#enqueue(what, reloads[what])));
    }
  }

  #unwatch(): void {
    for (const stop of this.#watches) stop();
    this.#watches = [];
  }

  #enqueue(what: What, reload: () => Promise<readonly Problem[]>): void {
    this.#last = this.#last.then(async () => this.#report(what, await reload()));
  }

  async #reloadConfig(): Promise<readonly Problem[]> {
    const { keeper, source, log } = this.#dependencies;
    const loaded = source.load();
    if ('problems' in loaded) return loaded.problems;
    const problems = await keeper.reloadConfig(loaded.config);
    if (problems.length > 0) return problems;
    const waiting = needsRestart(this.#started, loaded.config);
    if (waiting.length > 0) log.warn('these changes need a restart', { keys: waiting });
    this.#unwatch();
    this.#watch();
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
