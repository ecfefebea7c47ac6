import { compactVerify, type CryptoKey } from 'jose';
import type { Clock } from '../../domain/clock.ts';
import { Denial } from '../../domain/decision.ts';
import type { DecodedToken } from './decode-token.ts';

export interface SignatureBudget {
  /** Verifications in one second; forged tokens must not take all of the CPU. */
  readonly perSecond: number;
  /** At the same time. */
  readonly concurrent: number;
}

/** Whether a token is signed with a key; `overloaded` when the budget does not allow to find out. */
export type SignatureCheck = (
  token: DecodedToken,
  algorithm: string,
  key: CryptoKey,
) => Promise<boolean> | Denial;

export function createSignatureCheck(budget: SignatureBudget, clock: Clock): SignatureCheck {
  let second = 0;
  let startedInSecond = 0;
  let running = 0;

  async function verify(token: DecodedToken, algorithm: string, key: CryptoKey): Promise<boolean> {
    try {
      await compactVerify(token.text, key, { algorithms: [algorithm] });
      return true;
    } catch {
      return false;
    } finally {
      running -= 1;
    }
  }

  return (token, algorithm, key) => {
    const now = Math.floor(clock.monotonicMs() / 1000);
    if (now !== second) [second, startedInSecond] = [now, 0];
    if (startedInSecond >= budget.perSecond || running >= budget.concurrent) {
      return new Denial('overloaded', 'too many tokens are being verified');
    }
    startedInSecond += 1;
    running += 1;
    return verify(token, algorithm, key);
  };
}
