import type { Clock } from '../../domain/clock.ts';
import { messageOf } from '../../domain/fault-message.ts';
import type { TokenAlgorithm, TrustBundleSettings } from '../../domain/identity/token-settings.ts';
import { emptinessOf, type KeySet, readKeySet, type VerificationKey } from './key-set.ts';
import type { KeySource } from './key-source.ts';

/** Told of what a SPIFFE Workload API gives, now and whenever it changes. Must not throw. */
export interface TrustBundleListener {
  /** JWK sets by trust domain. */
  readonly onBundles: (bundles: ReadonlyMap<string, string>) => void;
  /** Why it gives nothing; it is asked again. */
  readonly onFault: (fault: string) => void;
}

/** Begins to listen to the socket; what it returns ends that. */
export type WatchTrustBundles = (socketPath: string, listener: TrustBundleListener) => () => void;

export interface TrustBundleKeysOptions {
  readonly settings: TrustBundleSettings;
  readonly algorithms: readonly TokenAlgorithm[];
  readonly clock: Clock;
  readonly watch: WatchTrustBundles;
  /** After each word of the agent: undefined, or why there are no newer keys. Must not throw. */
  readonly onFetched: (fault: string | undefined) => void;
}

/**
 * The keys of a trust domain's JWT-SVIDs. They come by themselves; the last ones hold while the
 * agent is away, for `keepMs`.
 */
export class TrustBundleKeys implements KeySource {
  readonly #options: TrustBundleKeysOptions;
  readonly #stop: () => void;
  #keys: KeySet = new Map();
  #goodUntilMs = Infinity;
  readonly #firstWord = Promise.withResolvers<void>();
  #hasSpoken = false;
  #isClosed = false;
  #last: Promise<void> = Promise.resolve();

  constructor(options: TrustBundleKeysOptions) {
    this.#options = options;
    const inTurn = (work: () => Promise<string | undefined>): void => {
      this.#last = this.#takeIn(work, this.#last);
    };
    this.#stop = options.watch(options.settings.socketPath, {
      onBundles: (bundles) => {
        inTurn(() => this.#read(bundles));
      },
      onFault: (fault) => {
        inTurn(() => Promise.resolve(fault));
      },
    });
  }

  find(name: string): VerificationKey | undefined {
    const isGood = this.#options.clock.monotonicMs() < this.#goodUntilMs;
    return isGood ? this.#keys.get(name) : undefined;
  }

  /** A new key comes before anything is signed with it, so that only the first are waited for. */
  refresh(): Promise<void> | undefined {
    return this.#hasSpoken ? undefined : this.#firstWord.promise;
  }

  close(): void {
    this.#isClosed = true;
    this.#stop();
    this.#firstWord.resolve();
  }

  async #takeIn(work: () => Promise<string | undefined>, before: Promise<void>): Promise<void> {
    await before;
    this.#tell(await work());
  }

  /** Why there are no newer keys. Never rejects. */
  async #read(bundles: ReadonlyMap<string, string>): Promise<string | undefined> {
    const { settings, algorithms } = this.#options;
    const text = bundles.get(settings.trustDomain);
    try {
      this.#keys = text === undefined ? new Map() : await readKeySet(text, algorithms, this.#keys);
    } catch (error) {
      return messageOf(error);
    }
    this.#goodUntilMs = Infinity;
    return text === undefined
      ? `the agent has no bundle of ${settings.trustDomain} for us`
      : emptinessOf(this.#keys, algorithms);
  }

  #tell(fault: string | undefined): void {
    const { settings, clock, onFetched } = this.#options;
    if (fault !== undefined) {
      this.#goodUntilMs = Math.min(this.#goodUntilMs, clock.monotonicMs() + settings.keepMs);
    }
    this.#hasSpoken = true;
    this.#firstWord.resolve();
    if (!this.#isClosed) onFetched(fault);
  }
}
