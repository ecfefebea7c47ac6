import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test, type TestContext } from 'node:test';
import { AccessGrants } from '../../../../src/app/grants/access-grants.ts';
import type { GrantConditions } from '../../../../src/app/grants/held-grants.ts';
import type { CompletedCheck } from '../../../../src/check/check.ts';
import type { Clock } from '../../../../src/domain/clock.ts';
import type { GrantState } from '../../../../src/domain/access/grant.ts';
import { type Decision, Denial, noEdits } from '../../../../src/domain/decision/decision.ts';
import type { JsonObject } from '../../../../src/domain/json.ts';
import type { Notice } from '../../../../src/shared-state/notice.ts';
import { createMemoryBoard } from '../../../../src/shared-state/boards.ts';
import type { Board } from '../../../../src/shared-state/bulletin.ts';
import { until } from '../../../setup/until.ts';

const caller = 'spiffe://prod/ns/ops/sa/console';
const order = { from: caller, to: 'orders', methods: ['GET'], for: '1h', reason: 'r', by: 'ann' };
const hourMs = 3_600_000;

/** A time that passes only when a test says so. */
class FakeClock implements Clock {
  passedMs = 0;
  setBackMs = 0;
  readonly #nowMs: number;

  constructor(nowMs: number) {
    this.#nowMs = nowMs;
  }

  nowMs(): number {
    return this.#nowMs + this.passedMs - this.setBackMs;
  }

  monotonicMs(): number {
    return this.passedMs;
  }
}

const usual: GrantConditions = {
  terms: { approval: 'none', maxDurationMs: 24 * hourMs },
  services: ['orders'],
};

function startGrants(t: TestContext, board: Board, clock: Clock, conditions = usual) {
  const events: string[] = [];
  const log = { info: () => {}, warn: () => {}, error: (text: string) => events.push(text) };
  const grants = new AccessGrants({ board, clock, log });
  grants.held.apply(conditions);
  grants.start({
    note: (event: string, details: JsonObject) => events.push(event, JSON.stringify(details)),
  });
  t.after(() => {
    grants.stop();
  });
  return { grants, events };
}

test('a grant ends by the time of the board, whatever the clock here says', async (t) => {
  const boardClock = new FakeClock(Date.parse('2026-01-01T00:00:00Z'));
  const clock = new FakeClock(Date.parse('2020-01-01T00:00:00Z'));
  const { grants } = startGrants(t, createMemoryBoard(boardClock), clock);
  const grant = await grants.add(order, hourMs, false);
  assert.equal(grant.postedAtMs, boardClock.nowMs());
  assert.equal(grants.book.grantsOf(caller).length, 1);
  boardClock.passedMs = hourMs;
  clock.passedMs = 1;
  grants.lookNow();
  await until('seen', () => (grants.book.nowMs() ?? 0) >= grant.expiresAtMs);
});

test('without Redis a clock that is set back makes no grant longer', async (t) => {
  const clock = new FakeClock(Date.parse('2026-01-01T00:00:00Z'));
  const { grants } = startGrants(t, createMemoryBoard(clock), clock);
  const grant = await grants.add(order, hourMs, false);
  clock.passedMs = hourMs;
  clock.setBackMs = 2 * hourMs;
  grants.lookNow();
  await until('seen', () => (grants.book.nowMs() ?? 0) >= grant.expiresAtMs);
});

test('what was not seen of late is not known, and known again when it is seen', async (t) => {
  const clock = new FakeClock(0);
  const board = createMemoryBoard(clock);
  let isUp = true;
  const { grants } = startGrants(t, { ...board, isUp: () => isUp }, clock);
  await grants.add(order, hourMs, false);
  isUp = false;
  clock.passedMs = 1400;
  assert.equal(grants.report()?.length, 1);
  clock.passedMs = 2000;
  assert.equal(grants.report(), undefined);
  assert.equal(grants.book.nowMs(), undefined);
  isUp = true;
  grants.lookNow();
  await until('seen', () => grants.report()?.length === 1);
});

test('before the board was seen nothing is known', (t) => {
  const board: Board = { isUp: () => true, look: () => new Promise(() => {}) };
  const { grants } = startGrants(t, board, new FakeClock(0));
  assert.equal(grants.report(), undefined);
});

test('what somebody else has put there is told, and does not count', async (t) => {
  const clock = new FakeClock(0);
  const { grants, events } = startGrants(t, createMemoryBoard(clock), clock);
  await assert.rejects(grants.add({ ...order, from: '*' }, hourMs, false), /another version/);
  assert.deepEqual(grants.report(), []);
  assert.deepEqual(events, ['a grant is not understood, and does not count']);
});

test('a grant is written down when it waits, when it counts and when it ends', async (t) => {
  const clock = new FakeClock(0);
  const { grants, events } = startGrants(t, createMemoryBoard(clock), clock);
  const { id } = await grants.add(order, hourMs, true);
  const approved = await grants.approve(id, 'bob');
  assert.equal(approved?.approvedBy, 'bob');
  assert.equal((await grants.revoke(id))?.approvedBy, 'bob');
  assert.equal(await grants.revoke(id), undefined);
  assert.equal(await grants.approve(id, 'bob'), undefined);
  const named = events.filter((event) => event.startsWith('grant_'));
  assert.deepEqual(named, ['grant_requested', 'grant_began', 'grant_ended']);
});

test('nobody approves a grant of their own, nor one twice, also where it was not seen yet', async (t) => {
  const clock = new FakeClock(0);
  const board = createMemoryBoard(clock);
  const { grants } = startGrants(t, board, clock);
  const { id } = await grants.add(order, hourMs, true);
  const other = startGrants(t, board, clock);
  await assert.rejects(other.grants.approve(id, 'Ann'), /another person has to approve it/);
  await grants.approve(id, 'bob');
  await assert.rejects(other.grants.approve(id, 'eve'), /It is approved already, by "bob"/);
  assert.equal(other.grants.report()?.[0]?.grant.approvedBy, 'bob');
  const named = other.events.filter((event) => event.startsWith('grant_'));
  assert.deepEqual(named, ['grant_requested', 'grant_began']);
});

test('a grant that is to count for longer than it says does not count', async (t) => {
  const clock = new FakeClock(0);
  const { grants } = startGrants(t, createMemoryBoard(clock), clock);
  await assert.rejects(grants.add(order, hourMs + 1, false), /another version/);
  assert.deepEqual(grants.report(), []);
});

test('no more than a hundred are there at once', async (t) => {
  const clock = new FakeClock(0);
  const { grants } = startGrants(t, createMemoryBoard(clock), clock);
  for (let count = 0; count < 100; count += 1) await grants.add(order, hourMs, false);
  await assert.rejects(grants.add(order, hourMs, false), /there are 100 already/);
});

test('a grant that does not count here is not said to begin, but it waits or is too long', async (t) => {
  const board = createMemoryBoard(new FakeClock(0));
  const { grants } = startGrants(t, board, new FakeClock(0));
  const { id } = await grants.add(order, hourMs, false);
  const { terms } = usual;
  const strict: readonly (readonly [GrantState, Partial<GrantConditions>, readonly string[]])[] = [
    [
      'too_long',
      { terms: { ...terms, maxDurationMs: hourMs - 1 } },
      ['grant_too_long', 'grant_ended'],
    ],
    [
      'awaits_approval',
      { terms: { ...terms, approval: 'required' } },
      ['grant_requested', 'grant_ended'],
    ],
    ['no_service', { services: ['billing'] }, []],
    ['no_service', { services: undefined }, []],
  ];
  const others = strict.map(([state, change, told]) => {
    const started = startGrants(t, board, new FakeClock(0), { ...usual, ...change });
    return { state, told, ...started };
  });
  for (const { state, ...other } of others) {
    await until(state, () => other.grants.report()?.[0]?.state === state);
    assert.equal(other.grants.count().get(state), 1);
  }
  await grants.revoke(id);
  for (const { told, ...other } of others) {
    other.grants.lookNow();
    await until('the end', () => other.grants.report()?.length === 0);
    assert.deepEqual(namesOf(other.events), told);
  }
});

test('other terms, and another document, end a grant here and let it begin again', async (t) => {
  const clock = new FakeClock(0);
  const { grants, events } = startGrants(t, createMemoryBoard(clock), clock);
  await grants.add(order, hourMs, false);
  const stricter: readonly Partial<GrantConditions>[] = [
    { terms: { approval: 'required', maxDurationMs: hourMs } },
    { terms: { approval: 'none', maxDurationMs: hourMs - 1 } },
    { services: ['billing'] },
    { services: undefined },
  ];
  for (const change of stricter) {
    events.length = 0;
    grants.held.apply({ ...usual, ...change });
    assert.equal(grants.count().get('counts'), 0);
    grants.held.apply({ ...usual, ...change });
    grants.held.apply(usual);
    assert.equal(grants.count().get('counts'), 1);
    assert.deepEqual(namesOf(events), ['grant_suspended', 'grant_began']);
  }
});

test('each request that a grant lets through is counted, and said at its end', async (t) => {
  const clock = new FakeClock(0);
  const { grants, events } = startGrants(t, createMemoryBoard(clock), clock);
  const { id } = await grants.add(order, hourMs, false);
  const denial = new Denial('rate_limited', 'too many');
  const allowance: Decision = { outcome: 'allow', reason: 'allowed', edits: noEdits };
  for (const decision of [allowance, allowance, denial]) {
    grants.held.observe(checkBy(id, decision));
    grants.held.observe(checkBy('00000000', decision));
  }
  assert.equal(grants.report()?.[0]?.uses, 2);
  await grants.revoke(id);
  assert.match(events.at(-1) ?? '', /"id":"\w{8}".*"uses":2/);
});

test('grants that were there when Redis last answered are counted as unknown', async (t) => {
  const clock = new FakeClock(0);
  const board = createMemoryBoard(clock);
  let isUp = true;
  const { grants } = startGrants(t, { ...board, isUp: () => isUp }, clock);
  await grants.add(order, hourMs, false);
  isUp = false;
  clock.passedMs = 2000;
  assert.deepEqual([grants.count().get('counts'), grants.count().get('unknown')], [0, 1]);
});

test('that grants cannot be read is told only where there is an access document', async (t) => {
  const clock = new FakeClock(0);
  const board: Board = { isUp: () => true, look: () => Promise.reject(new Error('NOPERM')) };
  const bare = startGrants(t, board, clock, { ...usual, services: undefined });
  const { events } = startGrants(t, board, clock);
  await until('told', () => events.includes('grants are not read: none counts'));
  assert.deepEqual(bare.events, []);
});

const honest = { order, needsApproval: false };
const sound: Notice = { id: '0123abcd', content: honest, postedAtMs: 0, expiresAtMs: hourMs };
const strange: readonly (readonly [string, Partial<Notice>])[] = [
  ['begins in the future', { postedAtMs: hourMs, expiresAtMs: 2 * hourMs }],
  ['ends later than it says', { expiresAtMs: 2 * hourMs }],
  ['has an id that no header holds', { id: 'a\r\nb: c' }],
  [
    'is approved by who asked',
    { content: { ...honest, needsApproval: true, approvedBy: 'ＡＮＮ ' } },
  ],
  ['is approved by nobody', { content: { ...honest, approvedBy: null } }],
  ...['', ' ', 'bob\nand eve', 'b'.repeat(101)].map(
    (approvedBy) =>
      [
        `is approved by ${JSON.stringify(approvedBy).slice(0, 20)}`,
        { content: { ...honest, needsApproval: true, approvedBy } },
      ] as const,
  ),
  ['is for everybody', { content: { ...honest, order: { ...order, from: '*' } } }],
];
for (const [what, parts] of strange) {
  test(`a grant that somebody has put there and that ${what} does not count`, async (t) => {
    const board = createMemoryBoard(new FakeClock(0));
    const { grants } = startGrants(t, board, new FakeClock(0));
    await put(sound, board, grants);
    await until('the sound one', () => grants.book.grantsOf(caller).length === 1);
    await put({ ...sound, ...parts }, board, grants);
    await until('that it is gone', () => grants.report()?.length === 0);
    assert.deepEqual([grants.book.grantsOf(caller), grants.count().get('counts')], [[], 0]);
  });
}

test('what is not understood here can be revoked all the same', async (t) => {
  const board = createMemoryBoard(new FakeClock(0));
  const { grants, events } = startGrants(t, board, new FakeClock(0));
  await put({ ...sound, content: {} }, board, grants);
  await until('seen', () => events.length > 0);
  await assert.rejects(grants.revoke(sound.id), /It is gone, but what it was is not known here/);
  assert.equal(await grants.revoke(sound.id), undefined);
});

/** As whoever can write to Redis may do. */
async function put(notice: Notice, board: Board, grants: AccessGrants): Promise<void> {
  const { text = '' } = await board.look('');
  const next = { text: randomUUID() + JSON.stringify([notice]), lifeMs: hourMs };
  await board.look(text.slice(0, 36), next);
  grants.lookNow();
}

function namesOf(events: readonly string[]): readonly string[] {
  return events.filter((event) => event.startsWith('grant_'));
}

function checkBy(grant: string, decision: Decision): CompletedCheck {
  return {
    decision,
    durationMs: 1,
    policy: { name: 'access', revision: '1', path: 'x' },
    check: {
      id: 'id',
      receivedAtMs: 0,
      startedMs: 0,
      deadlineMs: 0,
      cancelled: false,
      attributes: undefined,
      request: undefined,
      caller: undefined,
      verdict: {
        decision,
        input: undefined,
        result: undefined,
        rule: `grant/${grant}`,
        reasons: [],
        limits: [],
        access: { service: 'orders', rule: undefined, grant },
      },
      limits: undefined,
      stageMs: {},
    },
  };
}
