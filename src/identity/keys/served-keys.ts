import type { CertificateFacts } from '../../domain/identity/certificate-facts.ts';
import type { Clock } from '../../domain/clock.ts';
import { messageOf } from '../../domain/fault-message.ts';
import type { KeyServerSettings, TokenAlgorithm } from '../../domain/identity/token-settings.ts';
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

/** Up to this part of the time until the next request is left out, at random. */
const jitter = 0.2;

/**
 * Keys from the issuer's server. They are asked for ahead of time, again and again, and sooner when
 * a token names one that is not known; never two requests at once, nor sooner after the last than
 * `minIntervalMs`. The last good keys hold through an outage, for `keepMs`.
 */
export class ServedKeys implements KeySource {
  readonly #options: ServedKeysOptions;
  #keys: KeySet = new Map();
  #goodUntilMs = -Infinity;
  /** When the request that is under way was made, or else when the next one is due. */
  #asksAtMs = Infinity;
  #answered = Promise.withResolvers<void>();
  #isAsking = false;
  #mayAskAtMs = -Infinity;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  #certificate: CertificateFacts | undefined;

  constructor(options: ServedKeysOptions) {
    this.#options = options;
    this.#askAt(this.#mayAskAtMs);
  }

  /** Of the server, when it answered last; undefined without TLS. */
  get certificate(): CertificateFacts | undefined {
    return this.#certificate;
  }

  find(name: string): VerificationKey | undefined {
    const isGood = this.#options.clock.monotonicMs() < this.#goodUntilMs;
    return isGood ? this.#keys.get(name) : undefined;
  }

  /** If it is too soon to ask, the keys are asked for once it no longer is, even if nobody waits then. */
  refresh(deadlineMs: number): Promise<void> | undefined {
    if (this.#closed) return undefined;
    const mayAsk = this.#mayAskAtMs <= this.#options.clock.monotonicMs();
    if (!this.#isAsking && (mayAsk || this.#mayAskAtMs < this.#asksAtMs)) {
      this.#askAt(this.#mayAskAtMs);
    }
    return this.#asksAtMs < deadlineMs ? this.#answered.promise : undefined;
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#answered.resolve();
  }

  #askAt(atMs: number): void {
    clearTimeout(this.#timer);
    this.#asksAtMs = atMs;
    const waitMs = atMs - this.#options.clock.monotonicMs();
    if (waitMs <= 0) void this.#ask();
    // Timers may be early by a part of a millisecond.
    else this.#timer = setTimeout(() => this.#askAt(atMs), Math.ceil(waitMs)).unref();
  }

  /** Never rejects. */
  async #ask(): Promise<void> {
    const { settings, clock, onFetched } = this.#options;
    this.#isAsking = true;
    this.#mayAskAtMs = clock.monotonicMs() + settings.minIntervalMs;
    const fault = await this.#fetch();
    this.#isAsking = false;
    this.#answered.resolve();
    if (this.#closed) return;
    this.#answered = Promise.withResolvers();
    const delayMs = fault === undefined ? settings.refreshMs : settings.minIntervalMs;
    const waitMs = Math.max(delayMs * (1 - jitter * Math.random()), settings.minIntervalMs);
    this.#askAt(clock.monotonicMs() + waitMs);
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
      return messageOf(error);
    }
  }
}
