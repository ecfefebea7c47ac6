import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Check } from '../../../src/check/check.ts';
import { decide, type Gate } from '../../../src/check/decide.ts';
import type { Clock } from '../../../src/domain/clock.ts';
import { type Decision, Denial, noEdits } from '../../../src/domain/decision/decision.ts';
import type { LimitState, LimitsVerdict } from '../../../src/domain/limits/limit.ts';
import type { PolicyVerdict } from '../../../src/domain/decision/policy.ts';
import { requestFrom } from '../request-fixture.ts';

const allowance: Decision = { outcome: 'allow', reason: 'allowed', edits: noEdits };
const caller = { principal: 'spiffe://prod/ns/shop/sa/web', source: 'peer' } as const;

function clockAt(now: { ms: number }): Clock {
  return { nowMs: () => now.ms, monotonicMs: () => now.ms };
}

function newCheck(parts: Partial<Check> = {}): Check {
  return {
    id: '5f1cf1c4-8d2b-4f0e-9d34-0d2f4e3a9f10',
    receivedAtMs: 0,
    startedMs: 0,
    deadlineMs: 150,
    cancelled: false,
    attributes: {},
    request: undefined,
    caller: undefined,
    verdict: undefined,
    limits: undefined,
    stageMs: {},
    ...parts,
  };
}

function verdictOf(decision: Decision, parts: Partial<PolicyVerdict> = {}): PolicyVerdict {
  return {
    decision,
    input: undefined,
    result: true,
    rule: 'web-reads',
    reasons: [],
    limits: [],
    ...parts,
  };
}

function over(name: string, mode: LimitState['mode']): LimitState {
  return {
    name,
    mode,
    result: 'over',
    quota: 1,
    windowMs: 1000,
    remaining: 0,
    resetMs: 1000,
    retryAfterMs: 1000,
  };
}

/** A gate that says yes everywhere; each test changes the one stage that it is about. */
function gateWith(parts: Partial<Gate> = {}): Gate {
  return {
    requests: { read: () => requestFrom({}) },
    callers: { resolve: () => caller },
    policy: {
      identity: { name: 'example', revision: '1', path: 'envoy/authz/allow' },
      evaluate: () => verdictOf(allowance),
    },
    limiter: { take: () => ({ outcome: 'within', states: [] }) },
    ...parts,
  };
}

const untouched = {
  get policy(): never {
    throw new Error('the policy must not be asked');
  },
  get limiter(): never {
    throw new Error('the limits must not be asked');
  },
};

test('a check that every stage accepts is allowed, with all that was learned on it', async () => {
  const check = newCheck();
  const decision = await decide(gateWith(), check, clockAt({ ms: 0 }));
  assert.equal(decision, allowance);
  assert.equal(check.caller, caller);
  assert.equal(check.verdict?.rule, 'web-reads');
  assert.deepEqual(Object.keys(check.stageMs), ['request', 'caller', 'policy', 'limits']);
});

test('a message that could not be decoded is denied', async () => {
  const decision = await decide(
    gateWith(),
    newCheck({ attributes: undefined }),
    clockAt({ ms: 0 }),
  );
  assert.equal(decision.reason, 'bad_request');
});

test('a denial ends the check before the stages behind it', async () => {
  const ambiguous = new Denial('ambiguous_path', 'dot-segment');
  const unread = { ...gateWith({ requests: { read: () => ambiguous } }) };
  Object.defineProperties(unread, Object.getOwnPropertyDescriptors(untouched));
  assert.equal(await decide(unread, newCheck(), clockAt({ ms: 0 })), ambiguous);

  const stranger = new Denial('unauthenticated', 'no certificate');
  const unknown = { ...gateWith({ callers: { resolve: () => stranger } }) };
  Object.defineProperties(unknown, Object.getOwnPropertyDescriptors(untouched));
  assert.equal(await decide(unknown, newCheck(), clockAt({ ms: 0 })), stranger);
});

test('a caller who takes time to be known is waited for, until the deadline', async () => {
  const known = gateWith({ callers: { resolve: () => Promise.resolve(caller) } });
  const check = newCheck();
  assert.equal(await decide(known, check, clockAt({ ms: 0 })), allowance);
  assert.equal(check.caller, caller);

  const denial = new Denial('token_invalid', 'forged');
  const forged = gateWith({ callers: { resolve: () => Promise.resolve(denial) } });
  assert.equal(await decide(forged, newCheck(), clockAt({ ms: 0 })), denial);

  const never = gateWith({ callers: { resolve: () => new Promise(() => {}) } });
  const late = await decide(never, newCheck({ deadlineMs: 5 }), clockAt({ ms: 0 }));
  assert.equal(late.reason, 'deadline_exceeded');
});

test('the time of a stage that has to wait is all of it, not the waiting alone', async () => {
  const now = { ms: 0 };
  const known = gateWith({
    callers: {
      resolve: async () => {
        now.ms += 5;
        await Promise.resolve();
        now.ms += 7;
        return caller;
      },
    },
  });
  const check = newCheck();
  assert.equal(await decide(known, check, clockAt(now)), allowance);
  assert.deepEqual(check.stageMs, { request: 0, caller: 12, policy: 0, limits: 0 });
});

test('what the policy denies is never charged', async () => {
  const denial = new Denial('policy_denied', 'undefined');
  const gate = gateWith({
    policy: { ...gateWith().policy, evaluate: () => verdictOf(denial) },
    limiter: {
      take: () => {
        throw new Error('charged');
      },
    },
  });
  assert.equal(await decide(gate, newCheck(), clockAt({ ms: 0 })), denial);
});

test('a limit that is over denies, and names itself but not the shadow beside it', async () => {
  const states = [over('orders-read', 'enforce'), over('trial', 'shadow')];
  const gate = gateWith({ limiter: { take: () => ({ outcome: 'over', states }) } });
  const decision = await decide(gate, newCheck(), clockAt({ ms: 0 }));
  assert.ok(decision instanceof Denial);
  assert.equal(decision.reason, 'rate_limited');
  assert.equal(decision.detail, 'over orders-read');
});

test('limits that cannot be checked deny', async () => {
  const gate = gateWith({ limiter: { take: () => ({ outcome: 'unavailable', states: [] }) } });
  const decision = await decide(gate, newCheck(), clockAt({ ms: 0 }));
  assert.equal(decision.reason, 'limits_unavailable');
});

test('a limiter that breaks its contract does not admit', async () => {
  const unknown = { outcome: 'maybe', states: [] } as unknown as LimitsVerdict;
  const gate = gateWith({ limiter: { take: () => unknown } });
  const decision = await decide(gate, newCheck(), clockAt({ ms: 0 }));
  assert.equal(decision.reason, 'internal');
});

test('a limiter that never answers denies at the deadline', async () => {
  const gate = gateWith({ limiter: { take: () => new Promise<never>(() => {}) } });
  const startedMs = performance.now();
  const decision = await decide(gate, newCheck({ deadlineMs: 30 }), clockAt({ ms: 0 }));
  assert.equal(decision.reason, 'deadline_exceeded');
  assert.ok(performance.now() - startedMs < 10_000);
});

function gateAfter(verdict: Promise<PolicyVerdict>): Gate {
  return gateWith({ policy: { ...gateWith().policy, evaluate: () => verdict } });
}

test('a policy that takes its time is waited for, until the deadline', async () => {
  const answered = newCheck();
  const yes = gateAfter(Promise.resolve(verdictOf(allowance)));
  assert.equal(await decide(yes, answered, clockAt({ ms: 0 })), allowance);
  assert.equal(answered.verdict?.rule, 'web-reads');

  const never = { ...gateAfter(new Promise<never>(() => {})) };
  Object.defineProperty(never, 'limiter', { get: () => assert.fail('the limits were asked') });
  const decision = await decide(never, newCheck({ deadlineMs: 30 }), clockAt({ ms: 0 }));
  assert.equal(decision.reason, 'deadline_exceeded');
});

test('an allow that comes too late is a denial, whichever stage was slow', async () => {
  const now = { ms: 0 };
  const slowPolicy = gateWith({
    policy: {
      ...gateWith().policy,
      evaluate: () => {
        now.ms += 200;
        return verdictOf(allowance);
      },
    },
  });
  assert.equal((await decide(slowPolicy, newCheck(), clockAt(now))).reason, 'deadline_exceeded');

  now.ms = 0;
  const slowLimits = gateWith({
    limiter: {
      take: () => {
        now.ms += 200;
        return { outcome: 'within', states: [] };
      },
    },
  });
  assert.equal((await decide(slowLimits, newCheck(), clockAt(now))).reason, 'deadline_exceeded');
});

test('a check that was cancelled is not charged', async () => {
  const call = { cancelled: false };
  const check = Object.defineProperty(newCheck(), 'cancelled', { get: () => call.cancelled });
  const gate = gateWith({
    policy: {
      ...gateWith().policy,
      evaluate: () => {
        call.cancelled = true;
        return verdictOf(allowance);
      },
    },
    limiter: {
      take: () => {
        throw new Error('charged');
      },
    },
  });
  assert.equal((await decide(gate, check, clockAt({ ms: 0 }))).reason, 'deadline_exceeded');
});

test('the limits are asked about the caller, the rule and what the policy named', async () => {
  const asked: unknown[] = [];
  const gate = gateWith({
    policy: {
      ...gateWith().policy,
      evaluate: () => verdictOf(allowance, { limits: [{ name: 'exports', cost: 5 }] }),
    },
    limiter: {
      take: ({ caller: who, rule, named }, deadlineMs) => {
        asked.push({ who, rule, named, deadlineMs });
        return { outcome: 'within', states: [] };
      },
    },
  });
  await decide(gate, newCheck(), clockAt({ ms: 0 }));
  assert.deepEqual(asked, [
    { who: caller, rule: 'web-reads', named: [{ name: 'exports', cost: 5 }], deadlineMs: 150 },
  ]);
});
