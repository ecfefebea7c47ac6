import type { Clock } from '../../domain/clock.ts';
import type { ScriptRunner } from '../../domain/script-runner.ts';
import { CircuitBreaker } from './circuit-breaker.ts';
import type { Charge, Taken } from './store.ts';
import { takeScript } from './take-script.ts';

/** A script holds up Redis while it runs: 64 requests take it about half a millisecond. */
const maxRequestsPerCall = 64;
/** Lua cannot unpack more than about 8000 keys at once. */
const maxChargesPerCall = 4096;

/** Told when calls begin to be kept from a server that does not answer, and when no longer. */
export interface LaneObserver {
  opened(cause: Error): void;
  closed(): void;
}

export interface TakenAt extends Taken {
  readonly levels: readonly number[];
}

interface Asked {
  readonly charges: readonly Charge[];
  /** For a refund: when it was charged. */
  readonly chargedAtUs?: number;
}

interface Waiting extends Asked {
  readonly deadlineMs: number;
  readonly resolve: (taken: TakenAt) => void;
  readonly reject: (error: Error) => void;
}

/**
 * The way to keys that one script call can take together. Requests of one turn of the event loop go
 * in one call: a call of its own for each would cost several times the CPU, here and in Redis.
 */
export class TakeLane {
  readonly #runner: ScriptRunner;
  readonly #keyPrefix: string;
  readonly #clock: Clock;
  readonly #breaker: CircuitBreaker;
  readonly #inFlight = new Set<readonly Waiting[]>();
  #waiting: Waiting[] = [];
  #waitingCharges = 0;

  constructor(runner: ScriptRunner, keyPrefix: string, clock: Clock, observer: LaneObserver) {
    this.#runner = runner;
    this.#keyPrefix = keyPrefix;
    this.#clock = clock;
    this.#breaker = new CircuitBreaker({
      probe: () => this.#probe(),
      onOpen: (cause) => {
        observer.opened(cause);
        // They are behind the calls that failed, and would only wait for their own time-out.
        for (const batch of this.#inFlight) rejectAll(batch, cause);
      },
      onClose: () => {
        observer.closed();
      },
    });
  }

  take(charges: readonly Charge[], deadlineMs: number): Promise<TakenAt> {
    return this.#queue({ charges, deadlineMs });
  }

  /** Gives back what was charged, less what the buckets could have drained since. */
  async refund(charges: readonly Charge[], chargedAtUs: number, deadlineMs: number): Promise<void> {
    await this.#queue({ charges, chargedAtUs, deadlineMs });
  }

  #queue(request: Omit<Waiting, 'resolve' | 'reject'>): Promise<TakenAt> {
    const count = request.charges.length;
    if (!this.#runner.isUp()) return Promise.reject(new Error('Redis is not connected'));
    if (this.#breaker.cause !== undefined) return Promise.reject(this.#breaker.cause);
    if (count > maxChargesPerCall) {
      return Promise.reject(new Error(`more than ${maxChargesPerCall} limits on one request`));
    }
    if (this.#waitingCharges + count > maxChargesPerCall) this.#flush();
    return new Promise((resolve, reject) => {
      if (this.#waiting.length === 0) setImmediate(() => this.#flush());
      this.#waiting.push({ ...request, resolve, reject });
      this.#waitingCharges += count;
      if (this.#waiting.length >= maxRequestsPerCall) this.#flush();
    });
  }

  #flush(): void {
    const nowMs = this.#clock.monotonicMs();
    const batch: Waiting[] = [];
    for (const waiting of this.#waiting) {
      if (nowMs < waiting.deadlineMs) batch.push(waiting);
      else waiting.reject(new Error('the time ran out before the limits were asked'));
    }
    this.#waiting = [];
    this.#waitingCharges = 0;
    if (batch.length > 0) void this.#send(batch);
  }

  /** Settles every request of the batch, and never rejects itself. */
  async #send(batch: readonly Waiting[]): Promise<void> {
    this.#inFlight.add(batch);
    try {
      distribute(batch, await this.#ask(batch));
      this.#breaker.succeeded();
    } catch (error) {
      const cause = error instanceof Error ? error : new Error(String(error));
      rejectAll(batch, cause);
      this.#breaker.failed(cause);
    } finally {
      this.#inFlight.delete(batch);
    }
  }

  async #ask(requests: readonly Asked[]): Promise<readonly number[]> {
    const keys: string[] = [];
    const args: (string | number)[] = [];
    for (const request of requests) this.#write(request, keys, args);
    const reply = numbersIn(await this.#runner.runScript(takeScript, keys, args));
    if (reply.length !== 1 + requests.length + keys.length) throw unexpectedReply();
    return reply;
  }

  /** Writes, as a request does: a server that can only be read is of no use. */
  async #probe(): Promise<void> {
    if (!this.#runner.isUp()) throw new Error('Redis is not connected');
    await this.#ask([{ charges: [probeCharge] }]);
  }

  #write({ charges, chargedAtUs }: Asked, keys: string[], args: (string | number)[]): void {
    args.push(charges.length);
    for (const { key, amount, capacity, ceiling, enforced, edgesUs } of charges) {
      keys.push(this.#keyPrefix + key);
      if (edgesUs !== undefined) args.push('c', ...edgesUs);
      args.push(amount, capacity, ceiling ?? noCeiling, chargedAtUs ?? (enforced ? 1 : 0));
    }
  }
}

const noCeiling = Number.MAX_SAFE_INTEGER;

/** A millisecond of a bucket of its own, which is never full. */
const probeCharge: Charge = {
  key: 'probe',
  counted: '',
  amount: 1000,
  capacity: Number.MAX_SAFE_INTEGER,
  enforced: false,
};

function rejectAll(batch: readonly Waiting[], cause: Error): void {
  for (const { reject } of batch) reject(cause);
}

function distribute(batch: readonly Waiting[], reply: readonly number[]): void {
  const [atUs = 0] = reply;
  let at = 1;
  for (const { charges, resolve } of batch) {
    const end = at + 1 + charges.length;
    resolve({ admitted: reply[at] === 1, levels: reply.slice(at + 1, end), atUs });
    at = end;
  }
}

/** Only whole numbers from 0 are what the script says; anything else must not be counted with. */
function numbersIn(reply: unknown): readonly number[] {
  if (!Array.isArray(reply) || !reply.every(isWhole)) throw unexpectedReply();
  return reply;
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function unexpectedReply(): Error {
  return new Error('Redis gave a reply that is not of the limit script');
}
