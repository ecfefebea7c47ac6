import type { BundleSettings } from '../../domain/bundle-settings.ts';
import type { Clock } from '../../domain/clock.ts';
import type { PolicyBundle } from '../policy-bundle.ts';
import { BundleError } from '../bundle-error.ts';
import type { Snapshot } from './contents/bundle.ts';
import { compose } from './contents/compose.ts';
import { type PollOutcome, type Poller, startPoller } from './sources/poller.ts';
import type { BundleReader } from './contents/read-task.ts';
import type { ShownCertificates } from './sources/shown-certificates.ts';
import type { Fetched, FetchedBundle } from './sources/source.ts';
import type { BundleStatus } from './status.ts';
import { type Candidate, TrackedBundle } from './tracked-bundle.ts';

export interface BundleSetOptions {
  readonly clock: Clock;
  readonly read: BundleReader;
  /** Puts a policy in place. Rejects with a sentence when it cannot serve; the old one then does. */
  readonly activate: (policy: PolicyBundle) => Promise<void>;
  readonly observer: BundleObserver;
}

export interface BundleObserver {
  /** A bundle was asked for, or rolled back; the status says what came of it. */
  checked(status: BundleStatus, result: CheckResult, settings: BundleSettings): void;
}

/** `staged`: good, and waiting for the other bundles of the set. */
export type CheckResult = 'activated' | 'staged' | 'unchanged' | 'failed';

/**
 * The bundles that decide together. A new revision of one takes its place only when all of them
 * with it make a policy that can serve; until each has come once there is none.
 */
export class BundleSet {
  readonly #options: BundleSetOptions;
  readonly #bundles: ReadonlyMap<string, TrackedBundle>;
  #pollers: readonly Poller[] = [];
  /** Activations come one after another. */
  #last: Promise<unknown> = Promise.resolve();

  /** Throws a BundleError for settings that could not verify anything. */
  constructor(bundles: readonly BundleSettings[], options: BundleSetOptions) {
    this.#options = options;
    this.#bundles = new Map(
      bundles.map((settings) => [
        settings.name,
        new TrackedBundle(settings, options.clock, options.read),
      ]),
    );
  }

  status(): readonly BundleStatus[] {
    return Array.from(this.#bundles.values(), ({ status }) => status);
  }

  /** Of the connections to servers. */
  certificates(): readonly ShownCertificates[] {
    return Array.from(this.#bundles.values(), ({ source }) => source.certificates?.() ?? {});
  }

  /** Takes what was kept on disk, to serve before a server has answered. Never rejects. */
  async restore(): Promise<void> {
    for (const bundle of this.#bundles.values()) {
      await this.#check(bundle, async () => {
        const candidate = await bundle.candidateFromDisk();
        return candidate && this.#inTurn(() => this.#offer(bundle, candidate));
      });
    }
  }

  /** Asks for the bundles that `select` names, each once. Never rejects; the status says all. */
  async refresh(
    select: (settings: BundleSettings) => boolean = () => true,
    signal: AbortSignal = new AbortController().signal,
  ): Promise<void> {
    for (const bundle of this.#bundles.values()) {
      if (select(bundle.settings)) await this.#ask(bundle, signal);
    }
  }

  /** Begins to ask servers for news. Local bundles are refreshed by whoever watches them. */
  start(): void {
    this.#pollers = [...this.#bundles.values()].flatMap((bundle) => {
      const { source } = bundle.settings;
      return source.kind === 'http'
        ? [startPoller((signal) => this.#ask(bundle, signal), source.polling)]
        : [];
    });
  }

  async stop(): Promise<void> {
    await Promise.all(this.#pollers.map((poller) => poller.stop()));
    await this.#last;
  }

  /**
   * Goes back to the revision before the one that serves, and holds it until the source has
   * another than the one left. Rejects with a BundleError when there is none to go back to.
   */
  async rollback(name: string): Promise<BundleStatus> {
    const bundle = this.#bundles.get(name);
    if (bundle === undefined) throw new BundleError(`there is no bundle ${name}`);
    await this.#inTurn(async () => {
      const { current, previous } = bundle;
      if (current === undefined || previous === undefined) {
        throw new BundleError(`bundle ${name} has had no other revision to go back to`);
      }
      // The tag stays the newer one's, so that the source has no news until there is another.
      const { tag: _own, ...earlier } = previous;
      await this.#put(bundle, { ...earlier, ...(current.tag && { tag: current.tag }) });
      bundle.previous = undefined;
      bundle.note({ heldRevision: current.snapshot.revision });
    });
    this.#options.observer.checked(bundle.status, 'activated', bundle.settings);
    return bundle.status;
  }

  async #ask(bundle: TrackedBundle, signal: AbortSignal): Promise<PollOutcome> {
    let waits = false;
    const load = async (): Promise<CheckResult> => {
      const fetched = await this.#fetch(bundle, signal);
      ({ waits } = fetched);
      return fetched.outcome === 'unchanged' ? 'unchanged' : this.#load(bundle, fetched, signal);
    };
    const result = await this.#check(bundle, load, signal);
    if (result === 'failed') return 'failed';
    return waits ? 'waited' : 'done';
  }

  async #fetch(bundle: TrackedBundle, signal: AbortSignal): Promise<Fetched> {
    const { clock } = this.#options;
    const startedMs = clock.monotonicMs();
    bundle.note({ lastRequestMs: clock.nowMs() });
    const fetched = await bundle.source.fetch(bundle.current?.tag, signal);
    const requestMs = clock.monotonicMs() - startedMs;
    bundle.note({ lastSuccessfulRequestMs: clock.nowMs(), requestMs });
    return fetched;
  }

  async #load(
    bundle: TrackedBundle,
    fetched: FetchedBundle,
    signal: AbortSignal,
  ): Promise<CheckResult> {
    const { clock } = this.#options;
    const startedMs = clock.monotonicMs();
    bundle.note({ lastDownloadMs: clock.nowMs() });
    const result = await this.#inTurn(async () =>
      this.#offer(bundle, await bundle.candidateFrom(fetched, signal)),
    );
    bundle.note({ loadMs: clock.monotonicMs() - startedMs });
    return result;
  }

  /** Notes and tells what came of it. What a stop has cut off is nobody's fault. */
  async #check(
    bundle: TrackedBundle,
    work: () => Promise<CheckResult | undefined>,
    signal?: AbortSignal,
  ): Promise<CheckResult | undefined> {
    let result: CheckResult | undefined = 'failed';
    try {
      result = await work();
      bundle.clear('fault');
      if (result !== undefined) bundle.note({ lastSuccessMs: this.#options.clock.nowMs() });
    } catch (error) {
      if (signal?.aborted === true) return undefined;
      bundle.noteFault(error);
    }
    if (result !== undefined) {
      this.#options.observer.checked(bundle.status, result, bundle.settings);
    }
    return result;
  }

  async #offer(bundle: TrackedBundle, candidate: Candidate): Promise<CheckResult> {
    const { revision } = candidate.snapshot;
    if (revision === bundle.status.heldRevision) return 'unchanged';
    const before = bundle.current;
    const result = await this.#put(bundle, candidate);
    if (before?.snapshot.revision !== revision) bundle.previous = before;
    bundle.clear('heldRevision');
    if (result === 'activated') {
      const others = [...this.#bundles.values()].filter((each) => each !== bundle);
      await keepOthersOnDisk(others);
      await keepOnDisk(bundle);
    }
    return result;
  }

  /** All or nothing: when the policy cannot serve, nothing has changed. */
  async #put(bundle: TrackedBundle, candidate: Candidate): Promise<CheckResult> {
    const snapshots = new Map<string, Snapshot>();
    for (const each of this.#bundles.values()) {
      const chosen = each === bundle ? candidate : each.current;
      if (chosen !== undefined) snapshots.set(each.name, chosen.snapshot);
    }
    const isWhole = snapshots.size === this.#bundles.size;
    if (isWhole) await this.#options.activate(compose(snapshots));
    bundle.current = candidate;
    if (!isWhole) return 'staged';
    for (const each of this.#bundles.values()) this.#noteActivation(each, each === bundle);
    return 'activated';
  }

  #noteActivation(bundle: TrackedBundle, isNew: boolean): void {
    const activeRevision = bundle.current?.snapshot.revision;
    if (activeRevision === undefined) return;
    if (!isNew && bundle.status.activeRevision === activeRevision) return;
    bundle.note({ activeRevision, lastActivationMs: this.#options.clock.nowMs() });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => {});
    return result;
  }
}

/** Only what has served is kept; and what could not be kept is asked for again. */
async function keepOnDisk(bundle: TrackedBundle): Promise<void> {
  if (bundle.current?.archive === undefined) return;
  const { archive, tag, ...current } = bundle.current;
  bundle.current = current;
  try {
    await bundle.kept?.write(archive);
  } catch (error) {
    throw new BundleError(`bundle ${bundle.name} serves, but cannot be kept on disk`, {
      cause: error,
    });
  }
  if (tag !== undefined) bundle.current = { ...current, tag };
}

/** What another bundle of the set could not be kept for is its own fault, and not the new one's. */
async function keepOthersOnDisk(bundles: Iterable<TrackedBundle>): Promise<void> {
  for (const bundle of bundles) {
    try {
      await keepOnDisk(bundle);
    } catch (error) {
      bundle.noteFault(error);
    }
  }
}
