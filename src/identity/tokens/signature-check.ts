import { compactVerify, type CryptoKey } from 'jose';
import type { Clock } from '../../domain/clock.ts';
import { Denial } from '../../domain/decision/decision.ts';
import { FairPlaces } from './budget/fair-places.ts';
import type { Payer } from './budget/payer.ts';
import { type Account, VerificationBudget } from './budget/verification-budget.ts';
import type { DecodedToken } from './decode-token.ts';

export interface SignatureBudget {
  /** Verifications in one second; forged tokens must not take all of the CPU. */
  readonly perSecond: number;
  /** At the same time. */
  readonly concurrent: number;
}

/** Of a token that its issuer's key is to have signed, and on whose account that is found out. */
export interface SignatureQuestion {
  readonly token: DecodedToken;
  readonly algorithm: string;
  readonly key: CryptoKey;
  readonly payer: Payer;
}

/** Whether the signature is good; `overloaded` when the payer's share does not allow to find out. */
export type SignatureCheck = (question: SignatureQuestion) => Promise<boolean> | Denial;

export function createSignatureCheck(budget: SignatureBudget, clock: Clock): SignatureCheck {
  const verifications = new VerificationBudget(budget.perSecond, clock);
  const running = new FairPlaces(budget.concurrent);

  async function verify(question: SignatureQuestion, account: Account): Promise<boolean> {
    const { token, algorithm, key, payer } = question;
    try {
      await compactVerify(token.text, key, { algorithms: [algorithm] });
      verifications.wasGood(account);
      return true;
    } catch {
      return false;
    } finally {
      running.giveBack(payer.group);
    }
  }

  return (question) => {
    const { payer } = question;
    if (!running.take(payer.group)) return overloaded;
    const account = verifications.take(payer);
    if (account !== undefined) return verify(question, account);
    running.giveBack(payer.group);
    return overloaded;
  };
}

const overloaded = new Denial('overloaded', 'this peer, or all, showed too many new tokens');
