import type { Limiter } from '../../../src/check/ports.ts';
import type { VerifiedToken } from '../../../src/domain/identity/caller.ts';
import type { Clock } from '../../../src/domain/clock.ts';
import type { LimitDefinition, LimitQuestion } from '../../../src/domain/limits/limit.ts';
import type { EmergencyOverride } from '../../../src/domain/limits/limit-override.ts';
import type { RequestView } from '../../../src/domain/request/request.ts';
import { LimitTable } from '../../../src/limits/limit-table.ts';
import { createLimiter, type LimiterSurroundings } from '../../../src/limits/limiter.ts';
import { Offenders } from '../../../src/limits/offenders.ts';
import { requestFrom } from '../request-fixture.ts';

/** A limit of 5 a minute by caller that matches everything; say only what the test is about. */
export function limitFrom(parts: Partial<LimitDefinition> = {}): LimitDefinition {
  return {
    name: 'limit',
    match: {},
    by: [{ kind: 'caller' }],
    quota: 5,
    windowMs: 60_000,
    burst: parts.quota ?? 5,
    cost: 1,
    mode: 'enforce',
    onError: 'deny',
    overrides: [],
    ...parts,
  };
}

type Surroundings = Pick<LimiterSurroundings, 'store' | 'localStore' | 'clock'> &
  Partial<Pick<LimiterSurroundings, 'overrides' | 'offenders'>> & { readonly replicas?: number };

/** A limiter with no emergency overrides, unless they are given. */
export function openLimiter(
  definitions: readonly LimitDefinition[],
  { replicas = 1, ...surroundings }: Surroundings,
): Limiter {
  const whole = { ...withoutOverrides, offenders: new Offenders(surroundings.clock) };
  const all = { ...whole, ...surroundings, replicas: () => replicas };
  return createLimiter(new LimitTable(definitions, all.overrides), all);
}

const none: readonly EmergencyOverride[] = [];
const withoutOverrides = { overrides: () => none };

/** The same without a match: it applies only when a policy names it. */
export function namedLimitFrom(parts: Partial<LimitDefinition> = {}): LimitDefinition {
  const { match: _, ...limit } = limitFrom(parts);
  return limit;
}

export function questionFrom(
  parts: Partial<RequestView> & {
    readonly caller?: string;
    readonly token?: VerifiedToken;
  } & Partial<Pick<LimitQuestion, 'rule' | 'named'>> = {},
): LimitQuestion {
  const { caller = 'alice', token, rule, named = [], ...view } = parts;
  return {
    request: requestFrom(view),
    caller:
      caller === '' ? undefined : { principal: caller, source: 'peer', ...(token && { token }) },
    rule,
    named,
  };
}

/** A clock that stands still until it is told. */
export class FakeClock implements Clock {
  #ms: number;

  constructor(startMs = 1_000_000) {
    this.#ms = startMs;
  }

  nowMs(): number {
    return this.#ms;
  }

  monotonicMs(): number {
    return this.#ms;
  }

  advance(ms: number): void {
    this.#ms += ms;
  }
}
