import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { test, type TestContext } from 'node:test';
import { systemClock } from '../../src/domain/clock.ts';
import { type Board, Bulletin } from '../../src/shared-state/bulletin.ts';
import type { Notice } from '../../src/shared-state/notice.ts';
import { until } from '../setup/until.ts';

const minuteMs = 60_000;

export interface SharedBoard {
  /** One replica's way to it. */
  readonly open: () => Board;
  /** Writes past all replicas. */
  readonly write: (text: string) => Promise<void>;
}

interface Replica {
  readonly bulletin: Bulletin;
  readonly faults: string[];
  changes: number;
}

function startReplica(t: TestContext, board: Board, parts: { maxNotices?: number } = {}): Replica {
  const replica: Replica = {
    faults: [],
    changes: 0,
    bulletin: new Bulletin({
      board,
      clock: systemClock,
      maxNotices: parts.maxNotices ?? 100,
      maxLifeMs: minuteMs,
      onChange: () => (replica.changes += 1),
      onFault: (cause) => replica.faults.push(cause),
    }),
  };
  replica.bulletin.start();
  t.after(() => {
    replica.bulletin.stop();
  });
  return replica;
}

function names(notices: readonly Notice[]): unknown[] {
  return notices.map(({ content }) => content['name']);
}

/** What every board must do for the replicas that share it. `fresh` gives one with nothing on it. */
export function describeBulletin(name: string, fresh: () => Promise<SharedBoard>): void {
  test(`${name}: what one replica posts all see, and also one that starts later`, async (t) => {
    const { open } = await fresh();
    const [one, two] = [startReplica(t, open()), startReplica(t, open())];
    const notice = await one.bulletin.post({ name: 'a' }, minuteMs);
    assert.deepEqual(one.bulletin.notices, [notice]);
    await until('seen', () => two.bulletin.notices.length === 1);
    assert.deepEqual(two.bulletin.notices, [notice]);
    const three = startReplica(t, open());
    await until('seen later', () => three.bulletin.notices.length === 1);
  });

  test(`${name}: a notice ends by itself, everywhere`, async (t) => {
    const { open } = await fresh();
    const replicas = [startReplica(t, open()), startReplica(t, open())] as const;
    await replicas[0].bulletin.post({ name: 'long' }, minuteMs);
    await replicas[0].bulletin.post({ name: 'short' }, 900);
    await until('both seen', () => replicas[1].bulletin.notices.length === 2);
    for (const { bulletin } of replicas) {
      await until('one ended', () => bulletin.notices.length === 1);
      assert.deepEqual(names(bulletin.notices), ['long']);
    }
  });

  test(`${name}: replicas that post at once lose nothing`, async (t) => {
    const { open } = await fresh();
    const replicas = Array.from({ length: 4 }, () => startReplica(t, open()));
    await Promise.all(
      replicas.map((replica, index) => replica.bulletin.post({ name: index }, minuteMs)),
    );
    for (const { bulletin } of replicas) {
      await until('all four', () => bulletin.notices.length === 4);
      assert.deepEqual(new Set(names(bulletin.notices)), new Set([0, 1, 2, 3]));
    }
  });

  test(`${name}: what is withdrawn holds nowhere, and only once`, async (t) => {
    const { open } = await fresh();
    const [one, two] = [startReplica(t, open()), startReplica(t, open())];
    const { id } = await one.bulletin.post({ name: 'a' }, minuteMs);
    assert.equal((await two.bulletin.withdraw(id))?.id, id);
    await until('gone', () => one.bulletin.notices.length === 0);
    assert.equal(await one.bulletin.withdraw(id), undefined);
  });

  test(`${name}: what is amended says something else everywhere, and ends when it would have`, async (t) => {
    const { open } = await fresh();
    const [one, two] = [startReplica(t, open()), startReplica(t, open())];
    const notice = await one.bulletin.post({ name: 'a' }, minuteMs);
    const amended = await two.bulletin.amend(notice.id, (content) => ({ ...content, by: 'b' }));
    assert.deepEqual(amended, { ...notice, content: { name: 'a', by: 'b' } });
    await until('seen', () => one.bulletin.notices[0]?.content['by'] === 'b');
    assert.equal(await two.bulletin.amend('nobody', (content) => content), undefined);
  });

  test(`${name}: an announcement is a change, though nothing is posted`, async (t) => {
    const { open } = await fresh();
    const [one, two] = [startReplica(t, open()), startReplica(t, open())];
    await one.bulletin.announce();
    await until('noticed', () => two.changes > 0);
    assert.deepEqual(two.bulletin.notices, []);
  });

  test(`${name}: there is a bound to how many, and to how long`, async (t) => {
    const { open } = await fresh();
    const { bulletin } = startReplica(t, open(), { maxNotices: 1 });
    await bulletin.post({ name: 'a' }, minuteMs);
    await assert.rejects(bulletin.post({ name: 'b' }, minuteMs), /there are 1 already/);
    await assert.rejects(bulletin.post({ name: 'b' }, minuteMs + 1), /longer than 60000 ms/);
    await assert.rejects(bulletin.post({ name: 'b' }, Number.NaN), /longer than/);
  });

  test(`${name}: what was not written by Sallyport is told, and changes nothing`, async (t) => {
    const { open, write } = await fresh();
    const replica = startReplica(t, open());
    await replica.bulletin.post({ name: 'a' }, minuteMs);
    await write('x'.repeat(1000));
    await until('told', () => replica.faults.length > 0);
    assert.match(replica.faults[0] ?? '', /not written by Sallyport/);
    assert.deepEqual(names(replica.bulletin.notices), ['a']);
    await assert.rejects(replica.bulletin.post({ name: 'b' }, minuteMs), /not written by/);
  });

  test(`${name}: more notices than may be posted are not taken from anybody`, async (t) => {
    const { open, write } = await fresh();
    const replica = startReplica(t, open(), { maxNotices: 2 });
    await replica.bulletin.post({ name: 'a' }, minuteMs);
    const times = { postedAtMs: Date.now() - 1000, expiresAtMs: Date.now() + minuteMs - 1000 };
    const three = ['x', 'y', 'z'].map((id) => ({ id, content: { name: id }, ...times }));
    await write(`${'v'.repeat(36)}${JSON.stringify(three)}`);
    await until('told', () => replica.faults.length > 0);
    assert.match(replica.faults[0] ?? '', /not written by Sallyport: there are 3 of at most 2/);
    assert.deepEqual(names(replica.bulletin.notices), ['a']);
    await write(`${'w'.repeat(36)}${JSON.stringify(three.slice(1))}`);
    await until('seen', () => replica.bulletin.notices.length === 2);
  });

  test(`${name}: a notice that was to hold for too long does not hold`, async (t) => {
    const { open, write } = await fresh();
    const replica = startReplica(t, open());
    const times = { postedAtMs: 0, expiresAtMs: Date.now() + 10 * minuteMs };
    const notices = [{ id: 'x', content: {}, ...times }];
    await write(`${'v'.repeat(36)}${JSON.stringify(notices)}`);
    await until('seen', () => replica.changes > 0);
    assert.deepEqual(replica.bulletin.notices, []);
  });

  test(`${name}: while the board is away, what is known holds until it ends`, async (t) => {
    const { open } = await fresh();
    const board = open();
    let isUp = true;
    const look: Board['look'] = (...args) =>
      isUp ? board.look(...args) : Promise.reject(new Error('it is away'));
    const { bulletin } = startReplica(t, { isUp: () => isUp, look });
    await bulletin.post({ name: 'a' }, 1500);
    isUp = false;
    await sleep(600);
    assert.deepEqual(names(bulletin.notices), ['a'], 'a turn has passed');
    await assert.rejects(bulletin.post({ name: 'b' }, minuteMs), /it is away/);
    await until('ended', () => bulletin.notices.length === 0);
  });
}
