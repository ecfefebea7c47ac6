import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { AccessGrants } from '../../../src/app/access/access-grants.ts';
import type { Clock } from '../../../src/domain/clock.ts';
import type { JsonObject } from '../../../src/domain/json.ts';
import { createMemoryBoard } from '../../../src/shared-state/boards.ts';
import type { Board } from '../../../src/shared-state/bulletin.ts';
import { until } from '../../setup/until.ts';

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

function startGrants(t: TestContext, board: Board, clock: Clock) {
  const events: string[] = [];
  const log = { info: () => {}, warn: () => {}, error: (text: string) => events.push(text) };
  const grants = new AccessGrants({ board, clock, log });
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
  assert.equal(grants.current?.length, 1);
  clock.passedMs = 2000;
  assert.equal(grants.current, undefined);
  assert.equal(grants.book.nowMs(), undefined);
  isUp = true;
  grants.lookNow();
  await until('seen', () => grants.current?.length === 1);
});

test('before the board was seen nothing is known', (t) => {
  const board: Board = { isUp: () => true, look: () => new Promise(() => {}) };
  const { grants } = startGrants(t, board, new FakeClock(0));
  assert.equal(grants.current, undefined);
});

test('what somebody else has put there is told, and does not count', async (t) => {
  const clock = new FakeClock(0);
  const { grants, events } = startGrants(t, createMemoryBoard(clock), clock);
  await assert.rejects(grants.add({ ...order, from: '*' }, hourMs, false), /another version/);
  assert.deepEqual(grants.current, []);
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
  assert.equal(other.grants.current?.[0]?.approvedBy, 'bob');
  const named = other.events.filter((event) => event.startsWith('grant_'));
  assert.deepEqual(named, ['grant_requested', 'grant_began']);
});

test('a grant that is to count for longer than it says does not count', async (t) => {
  const clock = new FakeClock(0);
  const { grants } = startGrants(t, createMemoryBoard(clock), clock);
  await assert.rejects(grants.add(order, hourMs + 1, false), /another version/);
  assert.deepEqual(grants.current, []);
});

test('no more than a hundred are there at once', async (t) => {
  const clock = new FakeClock(0);
  const { grants } = startGrants(t, createMemoryBoard(clock), clock);
  for (let count = 0; count < 100; count += 1) await grants.add(order, hourMs, false);
  await assert.rejects(grants.add(order, hourMs, false), /there are 100 already/);
});
