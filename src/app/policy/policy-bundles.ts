import { isDeepStrictEqual } from 'node:util';
import type { Config } from '../../config/config.ts';
import type { Problem } from '../../config/problem.ts';
import type { BundleSettings } from '../../domain/bundle-settings.ts';
import type { Clock } from '../../domain/clock.ts';
import { type BundleObserver, BundleSet } from '../../policy/bundles/bundle-set.ts';
import type { ShownCertificates } from '../../policy/bundles/sources/shown-certificates.ts';
import type { BundleStatus } from '../../policy/bundles/status.ts';
import { readWithoutPause } from './bundle-reading/bundle-reader.ts';
import type { GateKeeper } from '../gate/gate-keeper.ts';
import { type Loaded, loadedFrom } from '../../config/loaded.ts';

/** The bundles of the configuration that serves, and the way to those of another one. */
export class PolicyBundles {
  readonly #keeper: GateKeeper;
  readonly #clock: Clock;
  readonly #observer: BundleObserver;
  #settings: readonly BundleSettings[];
  #set: BundleSet | undefined;

  constructor(keeper: GateKeeper, clock: Clock, observer: BundleObserver) {
    this.#keeper = keeper;
    this.#clock = clock;
    this.#observer = observer;
    this.#settings = keeper.served.config.policy.bundles;
  }

  /** What is on this machine serves from now on, or there are problems. Servers come later. */
  async open(): Promise<readonly Problem[]> {
    const created = await this.#createSet(this.#settings, () => this.#keeper);
    if ('problems' in created) return created.problems;
    this.#set = created.value;
    await this.#set.restore();
    return this.refreshLocal();
  }

  /** Begins to ask servers. */
  start(): void {
    this.#set?.start();
  }

  async stop(): Promise<void> {
    await this.#set?.stop();
  }

  status(): readonly BundleStatus[] {
    return this.#set?.status() ?? [];
  }

  /** Of the connections to servers. */
  certificates(): readonly ShownCertificates[] {
    return this.#set?.certificates() ?? [];
  }

  /** Rejects with a sentence when there is nothing to go back to. */
  async rollback(name: string): Promise<void> {
    await this.#set?.rollback(name);
  }

  async refreshLocal(): Promise<readonly Problem[]> {
    await this.#set?.refresh(isLocal);
    return faultsIn(this.status(), this.#settings.filter(isLocal));
  }

  /** Asks every server once, and says what does not serve then. */
  async refreshAll(): Promise<readonly Problem[]> {
    await this.#set?.refresh();
    return faultsIn(this.status(), this.#settings);
  }

  /**
   * Other bundles are fetched and made to serve aside; the old ones go when all of the new serve.
   * The same ones just decide with another configuration.
   */
  async reconfigure(config: Config): Promise<readonly Problem[]> {
    const { bundles } = config.policy;
    if (isDeepStrictEqual(bundles, this.#settings)) return this.#keeper.reloadConfig(config);
    const opened = await this.#keeper.openAside(config);
    if ('problems' in opened) return opened.problems;
    let target = opened.value;
    const created = await this.#createSet(bundles, () => target);
    if ('problems' in created) return created.problems;
    await created.value.restore();
    await created.value.refresh();
    const problems = faultsIn(created.value.status(), bundles);
    if (problems.length > 0) return problems;

    await this.stop();
    await this.#keeper.adopt(opened.value);
    target = this.#keeper;
    [this.#set, this.#settings] = [created.value, bundles];
    this.start();
    return [];
  }

  #createSet(
    settings: readonly BundleSettings[],
    target: () => GateKeeper,
  ): Promise<Loaded<BundleSet>> {
    return loadedFrom('policy', () => {
      return new BundleSet(settings, {
        clock: this.#clock,
        read: readWithoutPause,
        activate: (policy) => target().usePolicy(policy),
        observer: {
          // What is tried out aside is not news until it serves.
          checked: (...news) => {
            if (target() === this.#keeper) this.#observer.checked(...news);
          },
        },
      });
    });
  }
}

function isLocal({ source }: BundleSettings): boolean {
  return source.kind === 'local';
}

function faultsIn(
  statuses: readonly BundleStatus[],
  settings: readonly BundleSettings[],
): readonly Problem[] {
  return settings.flatMap(({ name, source }) => {
    const fault = statuses.find((status) => status.name === name)?.fault;
    const file = source.kind === 'local' ? source.path : source.url;
    return fault === undefined ? [] : [{ file, path: '', message: fault.message }];
  });
}
