import type { Socket } from 'node:net';
import { sourceNetworkOf } from './source-network.ts';

/** A connection whose handshake is under way. */
export interface Arrival {
  readonly socket: Socket;
  readonly source: string;
}

/** How many handshakes may be under way: in all, and of one source network. */
export interface HandshakeBounds {
  readonly max: number;
  readonly maxPerSource: number;
}

/** Bounded, so that peers who begin many handshakes and finish none keep nobody else out. */
export class Arrivals {
  readonly #bounds: HandshakeBounds;
  readonly #waiting = new Set<Arrival>();
  readonly #bySource = new Map<string, number>();

  constructor(bounds: HandshakeBounds) {
    this.#bounds = bounds;
  }

  /** Whether it may begin; then it must be settled. */
  add(arrival: Arrival): boolean {
    const { max, maxPerSource } = this.#bounds;
    const ofSource = this.#bySource.get(arrival.source) ?? 0;
    if (this.#waiting.size >= max || ofSource >= maxPerSource) return false;
    this.#waiting.add(arrival);
    this.#bySource.set(arrival.source, ofSource + 1);
    return true;
  }

  /** Whether it was under way until now. */
  settle(arrival: Arrival): boolean {
    if (!this.#waiting.delete(arrival)) return false;
    const left = (this.#bySource.get(arrival.source) ?? 0) - 1;
    if (left > 0) this.#bySource.set(arrival.source, left);
    else this.#bySource.delete(arrival.source);
    return true;
  }

  destroy(): void {
    for (const { socket } of this.#waiting) socket.destroy();
  }
}

export function arrivalOf(socket: Socket): Arrival {
  return { socket, source: sourceNetworkOf(socket.remoteAddress) };
}
