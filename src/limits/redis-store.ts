import type { Clock } from '../domain/clock.ts';
import type { RedisConnection } from './redis.ts';
import type { Charge, LimitStore, Taken } from './store.ts';

/** A script holds up Redis while it runs: 64 requests take it about half a millisecond. */
const maxRequestsPerCall = 64;
/** Lua cannot unpack more than about 8000 keys at once. */
const maxChargesPerCall = 4096;

interface Waiting {
  readonly charges: readonly Charge[];
  readonly deadlineMs: number;
  readonly resolve: (taken: Taken) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Counts in Redis, for all replicas. Requests of one turn of the event loop go in one script call:
 * a call of its own for each would cost several times the CPU, here and in Redis.
 */
export class RedisLimitStore implements LimitStore {
  readonly #connection: RedisConnection;
  readonly #keyPrefix: string;
  readonly #clock: Clock;
  #waiting: Waiting[] = [];
  #waitingCharges = 0;

  constructor(connection: RedisConnection, keyPrefix: string, clock: Clock) {
    this.#connection = connection;
    this.#keyPrefix = keyPrefix;
    this.#clock = clock;
  }

  take(charges: readonly Charge[], deadlineMs: number): Promise<Taken> {
    if (!this.#connection.isUp()) return Promise.reject(new Error('Redis is not connected'));
    if (charges.length > maxChargesPerCall) {
      return Promise.reject(new Error(`more than ${maxChargesPerCall} limits on one request`));
    }
    if (this.#waitingCharges + charges.length > maxChargesPerCall) this.#flush();
    return new Promise((resolve, reject) => {
      if (this.#waiting.length === 0) setImmediate(() => this.#flush());
      this.#waiting.push({ charges, deadlineMs, resolve, reject });
      this.#waitingCharges += charges.length;
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
    try {
      const keys: string[] = [];
      const args: (string | number)[] = [];
      for (const { charges } of batch) this.#write(charges, keys, args);
      const reply = numbersIn(await this.#connection.runTakeScript(keys, args));
      if (reply.length !== batch.length + keys.length) throw unexpectedReply();
      distribute(batch, reply);
    } catch (error) {
      const cause = error instanceof Error ? error : new Error(String(error));
      for (const { reject } of batch) reject(cause);
    }
  }

  #write(charges: readonly Charge[], keys: string[], args: (string | number)[]): void {
    args.push(charges.length);
    for (const { key, costUs, capacityUs, enforced } of charges) {
      keys.push(this.#keyPrefix + key);
      args.push(costUs, capacityUs, enforced ? 1 : 0);
    }
  }
}

function distribute(batch: readonly Waiting[], reply: readonly number[]): void {
  let at = 0;
  for (const { charges, resolve } of batch) {
    const end = at + 1 + charges.length;
    resolve({ admitted: reply[at] === 1, aheadUs: reply.slice(at + 1, end) });
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
