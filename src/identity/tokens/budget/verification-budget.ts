import type { Clock } from '../../../domain/clock.ts';
import { isStranger, type Payer } from './payer.ts';

/** What a peer has taken in one second. */
export interface Account {
  taken: number;
}

/** A signature counts as so many until it is found good: who forges has to leave more to others. */
const forgeryWeight = 10;

/**
 * How many signatures may be verified: what is left grows by so many in a second, and never above
 * that. A peer leaves to the others as much as it took in this second, and half of all at most. So
 * a peer alone gets everything, though only half of it at once, and the other half is open to those
 * who took little. A quarter is never for strangers, however many they are.
 */
export class VerificationBudget {
  readonly #perSecond: number;
  readonly #clock: Clock;
  /** Of this second. No more peers than verifications: nobody makes it grow without taking one. */
  #accounts = new Map<string, Account>();
  #second = 0;
  #left: number;
  #filledAtMs: number;

  constructor(perSecond: number, clock: Clock) {
    this.#perSecond = perSecond;
    this.#clock = clock;
    this.#left = perSecond;
    this.#filledAtMs = clock.monotonicMs();
  }

  /** Takes one verification. Undefined: the payer may not have one now. */
  take(payer: Payer): Account | undefined {
    this.#fill();
    const account = this.#accounts.get(payer.name) ?? { taken: 0 };
    const leftToKnown = isStranger(payer) ? Math.floor(this.#perSecond / 4) : 0;
    const leftToOthers = Math.max(
      Math.min(account.taken, Math.floor(this.#perSecond / 2)),
      leftToKnown,
    );
    if (this.#left < leftToOthers + 1) return undefined;
    this.#left -= 1;
    account.taken += forgeryWeight;
    this.#accounts.set(payer.name, account);
    return account;
  }

  /** Says that what was taken was for a good signature. */
  wasGood(account: Account): void {
    account.taken -= forgeryWeight - 1;
  }

  #fill(): void {
    const nowMs = this.#clock.monotonicMs();
    const gained = ((nowMs - this.#filledAtMs) / 1000) * this.#perSecond;
    this.#left = Math.min(this.#left + gained, this.#perSecond);
    this.#filledAtMs = nowMs;
    const second = Math.floor(nowMs / 1000);
    if (second === this.#second) return;
    this.#second = second;
    this.#accounts = new Map();
  }
}
