import type { CertificateFacts } from '../../domain/certificate-facts.ts';
import type { Clock } from '../../domain/clock.ts';
import type { KeyServerSettings, TokenAlgorithm } from '../../domain/token-settings.ts';
import type { FetchedKeys } from './fetch-keys.ts';
import { emptinessOf, type KeySet, readKeySet, type VerificationKey } from './key-set.ts';
import type { KeySource } from './key-source.ts';

export interface ServedKeysOptions {
  readonly settings: KeyServerSettings;
  readonly algorithms: readonly TokenAlgorithm[];
  readonly clock: Clock;
  /** Rejects with a sentence. */
  readonly fetch: (settings: KeyServerSettings) => Promise<FetchedKeys>;
  /** After each request: undefined, or why there are no newer keys. Must not throw. */
  readonly onFetched: (fault: string | undefined) => void;
}

/** Of the time until keys are asked for again, up to this part is left out at random. */
const jitter = 0.2;

/**
 * Keys from the issuer's server. They are asked for ahead of time, again and again, and out of turn
 * when a token names one that is not known; never two requests at once, nor sooner after the last
 * than `minIntervalMs`. The last good keys hold through an outage, for `keepMs`.
 */
export class ServedKeys implements KeySource {
  readonly #options: ServedKeysOptions;
  #keys: KeySet = new Map();
  #goodUntilMs = -Infinity;
  #askedAtMs = -Infinity;
  #asking: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  #certificate: CertificateFacts | undefined;

  constructor(options: ServedKeysOptions) {
    this.#options = options;
    void this.refresh();
  }

  /** Of the server, when it answered last; undefined without TLS. */
  get certificate(): CertificateFacts | undefined {
    return this.#certificate;
  }

  find(name: string): VerificationKey | undefined {
    const isGood = this.#options.clock.monotonicMs() < this.#goodUntilMs;
    return isGood ? this.#keys.get(name) : undefined;
  }

  refresh(): Promise<void> | undefined {
    const { settings, clock } = this.#options;
    if (this.#asking !== undefined || this.#closed) return this.#asking;
    if (clock.monotonicMs() - this.#askedAtMs < settings.minIntervalMs) return undefined;
    this.#askedAtMs = clock.monotonicMs();
    this.#asking = this.#ask();
    return this.#asking;
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  /** Never rejects. */
  async #ask(): Promise<void> {
    clearTimeout(this.#timer);
    const { settings, onFetched } = this.#options;
    const fault = await this.#fetch();
    this.#asking = undefined;
    if (this.#closed) return;
    const delayMs = fault === undefined ? settings.refreshMs : settings.minIntervalMs;
    this.#askIn(Math.max(delayMs * (1 - jitter * Math.random()), settings.minIntervalMs));
    onFetched(fault);
  }

  /** Why there are no newer keys. */
  async #fetch(): Promise<string | undefined> {
    const { settings, algorithms, clock, fetch } = this.#options;
    try {
      const { text, certificate } = await fetch(settings);
      this.#certificate = certificate;
      this.#keys = await readKeySet(text, algorithms, this.#keys);
      this.#goodUntilMs = clock.monotonicMs() + settings.keepMs;
      return emptinessOf(this.#keys, algorithms);
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  #askIn(delayMs: number): void {
    this.#timer = setTimeout(() => {
      if (this.refresh() === undefined) this.#askIn(this.#options.settings.minIntervalMs);
    }, delayMs).unref();
  }
}
