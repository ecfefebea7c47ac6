import type { Socket } from 'node:net';
import type { Clock } from '../../domain/clock.ts';
import { sourceNetworkOf } from './source-network.ts';

/** A connection whose handshake is under way. */
export interface Arrival {
  readonly socket: Socket;
  readonly source: string;
}

/**
 * How many handshakes may be under way, and may begin in a second: in all, and of one network. What
 * a network left of the last four seconds may come at once: so does a fleet that is restarted.
 */
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
  #paidUntilMs = 0;
  /** Each handshake takes some of its network's time; whoever is paid until now has it all. */
  readonly #paidUntilMsOf = new Map<string, number>();
  #sweptAtMs = 0;

  constructor(bounds: HandshakeBounds, clock: Clock) {
    this.#bounds = bounds;
    this.#clock = clock;
  }

  /** Whether it may begin; then it must be settled. */
  add(arrival: Arrival): boolean {
    const { source } = arrival;
    const nowMs = this.#clock.monotonicMs();
    this.#forgetPaid(nowMs);
    const waitingOf = this.#waitingOf.get(source) ?? 0;
    const { max, maxPerSource, maxPerSecond, maxPerSourceAndSecond } = this.#bounds;
    if (this.#waiting.size >= max || waitingOf >= maxPerSource) return false;
    const paidUntilMs = Math.max(this.#paidUntilMs, nowMs) + 1000 / maxPerSecond;
    const paidOfMs =
      Math.max(this.#paidUntilMsOf.get(source) ?? 0, nowMs) + 1000 / maxPerSourceAndSecond;
    if (paidUntilMs > nowMs + 1000 || paidOfMs > nowMs + burstMs) return false;
    this.#waiting.add(arrival);
    this.#waitingOf.set(source, waitingOf + 1);
    this.#paidUntilMs = paidUntilMs;
    this.#paidUntilMsOf.set(source, paidOfMs);
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

  /** So that it holds no more networks than may begin in the time of a burst. */
  #forgetPaid(nowMs: number): void {
    if (nowMs - this.#sweptAtMs < 1000) return;
    this.#sweptAtMs = nowMs;
    for (const [source, paidUntilMs] of this.#paidUntilMsOf) {
      if (paidUntilMs <= nowMs) this.#paidUntilMsOf.delete(source);
    }
  }
}

const burstMs = 4000;

export function arrivalOf(socket: Socket): Arrival {
  return { socket, source: sourceNetworkOf(socket.remoteAddress) };
}
