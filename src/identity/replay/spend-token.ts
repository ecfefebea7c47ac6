import { hash } from 'node:crypto';
import type { Clock } from '../../domain/clock.ts';
import { Denial } from '../../domain/decision/decision.ts';
import { messageOf } from '../../domain/fault-message.ts';
import type { Verified } from '../tokens/token-verifier.ts';
import type { ReplayStore } from './replay-store.ts';

/**
 * Uses a token up. Undefined: this was its only use. When it cannot be known whether it was used
 * before, that is a denial too.
 */
export async function spendToken(
  { token, goodUntilMs, issuer: { settings } }: Verified,
  store: ReplayStore,
  clock: Clock,
): Promise<Denial | undefined> {
  const claim = settings.replay?.claim ?? 'jti';
  const id = token.claims[claim];
  if (typeof id !== 'string' || id === '') {
    return new Denial('token_invalid', `the token has no ${claim}, so it could be used twice`);
  }
  // Longer than we take it for good: another replica's clock, or ours when it is set, may be behind.
  const keepMs = goodUntilMs - clock.nowMs() + settings.clockSkewMs;
  const key = hash('sha256', JSON.stringify([settings.issuer, claim, id]), 'base64url');
  try {
    const isFirst = await store.use(key, Math.max(Math.ceil(keepMs), 1));
    return isFirst ? undefined : new Denial('token_replayed', `${claim} was used before`);
  } catch (error) {
    const cause = messageOf(error);
    return new Denial('internal', `whether the token was used before is not known: ${cause}`);
  }
}
