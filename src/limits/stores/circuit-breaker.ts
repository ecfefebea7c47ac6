const failuresToOpen = 3;
const firstProbeMs = 100;
const lastProbeMs = 1000;

export interface CircuitBreakerOptions {
  /** Asks on nobody's behalf; rejects when there is no answer. */
  readonly probe: () => Promise<void>;
  readonly onOpen: (cause: Error) => void;
  readonly onClose: () => void;
}

/**
 * Keeps calls from a server that does not answer: a few calls wait for their time-out, and then
 * none, until a probe is answered. No call is a probe, so none is risked. Probes come at longer and
 * longer intervals, each shortened at random by up to half, so replicas do not come all at once.
 */
export class CircuitBreaker {
  readonly #options: CircuitBreakerOptions;
  #failures = 0;
  #cause: Error | undefined;

  constructor(options: CircuitBreakerOptions) {
    this.#options = options;
  }

  /** Why calls must not be made; undefined while they may. */
  get cause(): Error | undefined {
    return this.#cause;
  }

  succeeded(): void {
    this.#failures = 0;
  }

  failed(error: Error): void {
    this.#failures += 1;
    if (this.#cause !== undefined || this.#failures < failuresToOpen) return;
    const message = `Redis failed ${failuresToOpen} times in a row, at last: ${error.message}`;
    this.#cause = new Error(message, { cause: error });
    this.#options.onOpen(this.#cause);
    this.#probeAfter(firstProbeMs);
  }

  #probeAfter(delayMs: number): void {
    setTimeout(() => void this.#probe(delayMs), delayMs * (1 - Math.random() / 2)).unref();
  }

  async #probe(delayMs: number): Promise<void> {
    try {
      await this.#options.probe();
    } catch {
      this.#probeAfter(Math.min(2 * delayMs, lastProbeMs));
      return;
    }
    this.#failures = 0;
    this.#cause = undefined;
    this.#options.onClose();
  }
}
