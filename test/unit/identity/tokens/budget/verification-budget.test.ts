import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { Payer } from '../../../../../src/identity/tokens/budget/payer.ts';
import { VerificationBudget } from '../../../../../src/identity/tokens/budget/verification-budget.ts';
import { FakeClock } from '../../callers.ts';

type Kind = 'good' | 'forged';

/** A peer that shows new tokens, each found good or forged before the next. Says how many were. */
function show(budget: VerificationBudget, peer: string | Payer, count: number, kind: Kind): number {
  const payer = typeof peer === 'string' ? { name: peer, group: peer } : peer;
  let verified = 0;
  for (let index = 0; index < count; index += 1) {
    const account = budget.take(payer);
    if (account === undefined) continue;
    verified += 1;
    if (kind === 'good') budget.wasGood(account);
  }
  return verified;
}

function opened(perSecond = 1000) {
  const clock = new FakeClock();
  return { clock, budget: new VerificationBudget(perSecond, clock) };
}

for (const kind of ['good', 'forged'] as const) {
  test(`a peer alone gets all verifications of a second, with ${kind} tokens too`, () => {
    const { clock, budget } = opened();
    assert.equal(show(budget, 'gateway', 5000, kind), 500, 'at once');
    let verified = 0;
    for (let ms = 0; ms < 10_000; ms += 10) {
      clock.advance(10);
      verified += show(budget, 'gateway', 100, kind);
    }
    assert.ok(Math.abs(verified - 10_000) <= 500, `${verified} in ten seconds`);
  });
}

test('while one forges, what another shows is verified at once', () => {
  const { clock, budget } = opened();
  for (let ms = 0; ms < 5000; ms += 10) {
    clock.advance(10);
    show(budget, 'forger', 100, 'forged');
    assert.equal(show(budget, 'web', 2, 'good'), 2, `at ${ms} ms`);
  }
});

function strangerAt(address: string): Payer {
  return { name: address, group: '' };
}

test('while a stranger forges, what one from elsewhere shows is verified', () => {
  const { clock, budget } = opened();
  for (let ms = 0; ms < 5000; ms += 10) {
    clock.advance(10);
    show(budget, strangerAt('192.0.2.1'), 100, 'forged');
    assert.equal(show(budget, strangerAt('192.0.2.2'), 2, 'good'), 2, `at ${ms} ms`);
  }
});

test('strangers from everywhere leave a quarter to those who are known', () => {
  const { budget } = opened();
  for (let index = 0; index < 2000; index += 1) show(budget, strangerAt(`${index}`), 1, 'forged');
  assert.equal(show(budget, 'web', 1000, 'good'), 125, 'half of a quarter at once');
  assert.equal(show(budget, strangerAt('last'), 1, 'good'), 0);
});

test('while ten forge, a burst of another is verified at once', () => {
  const { clock, budget } = opened();
  for (let ms = 0; ms < 5000; ms += 50) {
    clock.advance(50);
    for (let peer = 0; peer < 10; peer += 1) show(budget, `forger-${peer}`, 100, 'forged');
    if (ms % 1000 === 0) assert.equal(show(budget, 'web', 100, 'good'), 100, `at ${ms} ms`);
  }
});

test('two peers with more good tokens than can be verified get about as much as each other', () => {
  const { clock, budget } = opened();
  let [first, second] = [0, 0];
  for (let ms = 0; ms < 10_000; ms += 10) {
    clock.advance(10);
    first += show(budget, 'first', 100, 'good');
    second += show(budget, 'second', 100, 'good');
  }
  assert.ok(first + second > 9_500, `${first} and ${second}`);
  assert.ok(Math.min(first, second) > 3_000, `${first} and ${second}`);
});

test('an answer that comes in a later second changes nothing in it', () => {
  const { clock, budget } = opened(4);
  const account = budget.take({ name: 'web', group: 'web' });
  clock.advance(1000);
  assert.ok(account !== undefined);
  budget.wasGood(account);
  assert.equal(show(budget, 'web', 10, 'good'), 2, 'and not more by one');
});

const step = fc.record({
  peer: fc.integer({ min: 0, max: 5 }),
  count: fc.integer({ min: 1, max: 30 }),
  kind: fc.constantFrom<Kind>('good', 'forged'),
  pauseMs: fc.integer({ min: 0, max: 700 }),
});

test('whoever shows what, no more is verified than what time has given', () => {
  const perSecond = 20;
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const { clock, budget } = opened(perSecond);
      let [verified, elapsedMs] = [0, 0];
      for (const { peer, count, kind, pauseMs } of steps) {
        verified += show(budget, `peer-${peer}`, count, kind);
        assert.ok(verified <= perSecond + (elapsedMs / 1000) * perSecond + 1e-6);
        clock.advance(pauseMs);
        elapsedMs += pauseMs;
      }
    }),
  );
});
