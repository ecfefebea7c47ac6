import type { Socket } from 'node:net';
import type { Clock } from '../../domain/clock.ts';
import { sourceNetworkOf } from './source-network.ts';

/** A connection whose handshake is under way. */
export interface Arrival {
  readonly socket: Socket;
  readonly source: string;
}

/** How many handshakes may be under way, and may begin in a second: in all, and of one network. */
export interface HandshakeBounds {
  readonly max: number;
  readonly maxPerSource: number;
  readonly maxPerSecond: number;
  readonly maxPerSourceAndSecond: number;
}

/**
 * Bounded, so that peers who begin many handshakes and finish none keep nobody else out, and those
 * who finish them leave the CPU to checks: each is a third of a millisecond of work.
 */
export class Arrivals {
  readonly #bounds: HandshakeBounds;
  readonly #clock: Clock;
  readonly #waiting = new Set<Arrival>();
  readonly #waitingOf = new Map<string, number>();
  #second = 0;
  #begun = 0;
  readonly #begunOf = new Map<string, number>();

  constructor(bounds: HandshakeBounds, clock: Clock) {
    this.#bounds = bounds;
    this.#clock = clock;
  }

  /** Whether it may begin; then it must be settled. */
  add(arrival: Arrival): boolean {
    const { source } = arrival;
    this.#countThisSecond();
    const waitingOf = this.#waitingOf.get(source) ?? 0;
    const begunOf = this.#begunOf.get(source) ?? 0;
    const { max, maxPerSource, maxPerSecond, maxPerSourceAndSecond } = this.#bounds;
    if (this.#waiting.size >= max || waitingOf >= maxPerSource) return false;
    if (this.#begun >= maxPerSecond || begunOf >= maxPerSourceAndSecond) return false;
    this.#waiting.add(arrival);
    this.#waitingOf.set(source, waitingOf + 1);
    this.#begun += 1;
    this.#begunOf.set(source, begunOf + 1);
    return true;
  }

  /** Whether it was under way until now. */
  settle(arrival: Arrival): boolean {
    if (!this.#waiting.delete(arrival)) return false;
    const left = (this.#waitingOf.get(arrival.source) ?? 0) - 1;
    if (left > 0) this.#waitingOf.set(arrival.source, left);
    else this.#waitingOf.delete(arrival.source);
    return true;
  }

  destroy(): void {
    for (const { socket } of this.#waiting) socket.destroy();
  }

  #countThisSecond(): void {
    const second = Math.floor(this.#clock.monotonicMs() / 1000);
    if (second === this.#second) return;
    this.#second = second;
    this.#begun = 0;
    this.#begunOf.clear();
  }
}

export function arrivalOf(socket: Socket): Arrival {
  return { socket, source: sourceNetworkOf(socket.remoteAddress) };
}
