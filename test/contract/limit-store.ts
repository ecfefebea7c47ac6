import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CalendarEdges } from '../../src/limits/calendar.ts';
import type { Charge, EmptyableStore, LimitStore, Taken } from '../../src/limits/stores/store.ts';

/** A store whose time stands still until the test moves it. */
export interface StoreUnderTest {
  readonly store: EmptyableStore;
  readonly advance: (ms: number) => Promise<void> | void;
}

/** When the time of every test begins. */
export const testEpochMs = 1_800_000_000_000;

export const noDeadline = Number.MAX_SAFE_INTEGER;
const secondUs = 1_000_000;
const hourUs = 3_600 * secondUs;
/** Of windows, the first of which has begun when the test's time begins; no key expires meanwhile. */
const beginUs = testEpochMs * 1000 - 1000;
const edgesUs: CalendarEdges = [beginUs - hourUs, beginUs, beginUs + hourUs, beginUs + 2 * hourUs];

/** A bucket of `burst` units, one of which comes back each second. */
export function chargeOf(
  key: string,
  {
    cost = 1,
    burst = 3,
    enforced = true,
    counted = '',
  }: { cost?: number; burst?: number; enforced?: boolean; counted?: string } = {},
): Charge {
  return { key, counted, amount: cost * secondUs, capacity: burst * secondUs, enforced };
}

export async function take(
  store: LimitStore,
  ...charges: readonly Charge[]
): Promise<Omit<Taken, 'atUs'>> {
  const { admitted, levels } = await store.take(charges, noDeadline);
  return { admitted, levels };
}

/** How far ahead the key's TAT is, in seconds; takes nothing. */
export async function aheadSeconds(store: LimitStore, key: string): Promise<number> {
  const { levels } = await take(store, chargeOf(key, { cost: 0 }));
  return (levels[0] ?? Number.NaN) / secondUs;
}

/** What every store of limits does. `open` gives one without a key in it. */
export function testLimitStore(open: () => Promise<StoreUnderTest>): void {
  test('a burst is admitted at once, and no more', async () => {
    const { store } = await open();
    const answers = [];
    for (let request = 0; request < 5; request += 1) answers.push(await take(store, chargeOf('a')));
    assert.deepEqual(answers, [
      { admitted: true, levels: [0] },
      { admitted: true, levels: [1 * secondUs] },
      { admitted: true, levels: [2 * secondUs] },
      { admitted: false, levels: [3 * secondUs] },
      { admitted: false, levels: [3 * secondUs] },
    ]);
  });

  test('a unit comes back after exactly its interval, not a millisecond earlier', async () => {
    const { store, advance } = await open();
    await take(store, chargeOf('a', { cost: 3 }));
    await advance(999);
    assert.equal((await take(store, chargeOf('a'))).admitted, false);
    await advance(1);
    assert.equal((await take(store, chargeOf('a'))).admitted, true);
    assert.equal((await take(store, chargeOf('a'))).admitted, false);
  });

  test('a bucket that was left alone is full, and not fuller', async () => {
    const { store, advance } = await open();
    await take(store, chargeOf('a', { cost: 3 }));
    await advance(3_600_000);
    assert.deepEqual(await take(store, chargeOf('a', { cost: 3 })), {
      admitted: true,
      levels: [0],
    });
    assert.equal((await take(store, chargeOf('a'))).admitted, false);
  });

  test('a bucket that was emptied is whole at once, and no other is', async () => {
    const { store } = await open();
    const [alice, bob, carol] = ['alice', 'bob', 'carol'].map((counted) =>
      chargeOf(counted, { cost: 3, counted }),
    );
    assert.ok(alice && bob && carol);
    for (const charge of [alice, bob, carol]) await take(store, charge);
    await store.empty([alice, bob, chargeOf('never-taken')], noDeadline);
    assert.equal((await take(store, alice)).admitted, true);
    assert.equal((await take(store, alice)).admitted, false, 'and not more than whole');
    assert.equal((await take(store, bob)).admitted, true);
    assert.equal((await take(store, carol)).admitted, false);
  });

  test('a window that was emptied holds its whole quota again', async () => {
    const { store } = await open();
    const window = { ...chargeOf('a'), amount: 1, capacity: 2, edgesUs };
    const takeAll = async (): Promise<boolean[]> => {
      const answers = [];
      for (let unit = 0; unit < 3; unit += 1) answers.push((await take(store, window)).admitted);
      return answers;
    };
    assert.deepEqual(await takeAll(), [true, true, false]);
    await store.empty([window], noDeadline);
    assert.deepEqual(await takeAll(), [true, true, false]);
  });

  test('a cost counts as so many units, and above the burst it never fits', async () => {
    const { store } = await open();
    assert.equal((await take(store, chargeOf('a', { cost: 4 }))).admitted, false);
    assert.equal((await take(store, chargeOf('a', { cost: 2 }))).admitted, true);
    assert.equal((await take(store, chargeOf('a', { cost: 2 }))).admitted, false);
    assert.equal((await take(store, chargeOf('a', { cost: 1 }))).admitted, true);
  });

  test('a request is taken from all of its limits', async () => {
    const { store } = await open();
    const { admitted, levels } = await take(store, chargeOf('a'), chargeOf('b', { cost: 2 }));
    assert.deepEqual({ admitted, levels }, { admitted: true, levels: [0, 0] });
    assert.equal(await aheadSeconds(store, 'a'), 1);
    assert.equal(await aheadSeconds(store, 'b'), 2);
  });

  test('a refused request is charged nowhere, wherever the refusal stands', async () => {
    const { store } = await open();
    await take(store, chargeOf('spent', { cost: 3 }));
    for (const charges of [
      [chargeOf('spent'), chargeOf('other')],
      [chargeOf('other'), chargeOf('spent')],
      [chargeOf('other'), chargeOf('spent'), chargeOf('third', { enforced: false })],
    ]) {
      assert.equal((await take(store, ...charges)).admitted, false);
    }
    assert.equal(await aheadSeconds(store, 'spent'), 3);
    assert.equal(await aheadSeconds(store, 'other'), 0);
    assert.equal(await aheadSeconds(store, 'third'), 0);
  });

  test('a limit that is not enforced is charged while it fits, and never refuses', async () => {
    const { store } = await open();
    for (let request = 0; request < 5; request += 1) {
      const shadow = chargeOf('shadow', { burst: 2, enforced: false });
      assert.equal((await take(store, shadow, chargeOf('a', { burst: 9 }))).admitted, true);
    }
    assert.equal(await aheadSeconds(store, 'shadow'), 2);
    assert.equal(await aheadSeconds(store, 'a'), 5);
  });

  test('another rate for the same key keeps the place of whoever was there', async () => {
    const { store } = await open();
    await take(store, chargeOf('a', { cost: 3 }));
    assert.deepEqual(await take(store, chargeOf('a', { burst: 5 })), {
      admitted: true,
      levels: [3 * secondUs],
    });
    assert.equal((await take(store, chargeOf('a', { burst: 2 }))).admitted, false);
  });

  test('who used up a limit that was loosened since waits for one refill of the new one', async () => {
    const { store, advance } = await open();
    await take(store, chargeOf('a', { cost: 86_400, burst: 86_400 }));
    const loosened = { ...chargeOf('a'), ceiling: 4 * secondUs };
    assert.deepEqual(await take(store, loosened), { admitted: false, levels: [4 * secondUs] });
    await advance(2000);
    assert.deepEqual(await take(store, loosened), { admitted: true, levels: [2 * secondUs] });
    await advance(3000);
    assert.equal(await aheadSeconds(store, 'a'), 0);
  });

  test('requests that come at once are taken one after another', async () => {
    const { store } = await open();
    const answers = await Promise.all([
      take(store, chargeOf('a', { cost: 2 })),
      take(store, chargeOf('a', { cost: 2 }), chargeOf('b')),
      take(store, chargeOf('a'), chargeOf('b')),
      take(store, chargeOf('b', { cost: 2 })),
      take(store, chargeOf('b')),
    ]);
    assert.deepEqual(answers, [
      { admitted: true, levels: [0] },
      { admitted: false, levels: [2 * secondUs, 0] },
      { admitted: true, levels: [2 * secondUs, 0] },
      { admitted: true, levels: [1 * secondUs] },
      { admitted: false, levels: [3 * secondUs] },
    ]);
  });

  test('many requests at once, on many keys, are admitted to the exact count', async () => {
    const { store } = await open();
    const keys = Array.from({ length: 10 }, (_, index) => `key-${index}`);
    const answers = await Promise.all(
      Array.from({ length: 1000 }, async (_, index) => {
        const key = keys[index % keys.length] ?? '';
        return take(store, chargeOf(key, { burst: 7 }), chargeOf('all', { burst: 1000 }));
      }),
    );
    assert.equal(answers.filter(({ admitted }) => admitted).length, 7 * keys.length);
    assert.equal(await aheadSeconds(store, 'all'), 7 * keys.length);
  });

  test('long windows are counted to the microsecond', async () => {
    const { store, advance } = await open();
    const yearUs = 31_536_000 * secondUs;
    const charge: Charge = { ...chargeOf('a'), amount: yearUs + 1, capacity: 2 ** 52 };
    await take(store, charge);
    await advance(1);
    assert.deepEqual((await take(store, charge)).levels, [yearUs + 1 - 1000]);
  });

  test('a quota is there until it is used up, and whole again with the next window', async () => {
    const { store, advance } = await open();
    const charge = { ...chargeOf('a'), amount: 1, capacity: 3, edgesUs };
    const answers = [];
    for (let request = 0; request < 4; request += 1) answers.push(await take(store, charge));
    assert.deepEqual(answers, [
      { admitted: true, levels: [0] },
      { admitted: true, levels: [1] },
      { admitted: true, levels: [2] },
      { admitted: false, levels: [3] },
    ]);
    await advance(hourUs / 1000 - 2);
    assert.equal((await take(store, charge)).admitted, false, 'the last millisecond');
    await advance(1);
    assert.deepEqual(await take(store, charge), { admitted: true, levels: [0] });
    assert.deepEqual(await take(store, charge), { admitted: true, levels: [1] });
  });

  test('a rate and a quota are taken together, or neither is', async () => {
    const { store } = await open();
    const quota = { ...chargeOf('q'), amount: 2, capacity: 3, edgesUs };
    assert.equal((await take(store, chargeOf('a'), quota)).admitted, true);
    assert.deepEqual(await take(store, chargeOf('a'), quota), {
      admitted: false,
      levels: [secondUs, 2],
    });
    assert.equal(await aheadSeconds(store, 'a'), 1);
    await take(store, chargeOf('a', { cost: 2 }));
    assert.equal((await take(store, chargeOf('a'), { ...quota, amount: 1 })).admitted, false);
    assert.deepEqual((await take(store, { ...quota, amount: 0 })).levels, [2]);
  });

  test('a quota that is changed keeps what was used of it', async () => {
    const { store } = await open();
    const charge = { ...chargeOf('a'), amount: 1, capacity: 1, edgesUs };
    await take(store, charge);
    assert.equal((await take(store, charge)).admitted, false);
    assert.deepEqual(await take(store, { ...charge, capacity: 2 }), {
      admitted: true,
      levels: [1],
    });
  });

  test('a replica whose clock is most of a window off counts with the others', async () => {
    const { store, advance } = await open();
    const charge = { ...chargeOf('a'), amount: 1, capacity: 5, edgesUs };
    await take(store, charge);
    const [from, begin, end] = edgesUs;
    const behind: CalendarEdges = [from - hourUs, from, begin, end];
    assert.deepEqual((await take(store, { ...charge, edgesUs: behind })).levels, [1]);
    await advance(1);
    assert.deepEqual((await take(store, charge)).levels, [2]);
  });

  test('keys of any characters are apart from one another', async () => {
    const { store } = await open();
    const keys = [
      'a',
      'a\n',
      'a\r\nSET x 1',
      'a\0',
      '{a}',
      'a}',
      '',
      ' ',
      'ä',
      '\u{1F600}',
      '__proto__',
    ];
    for (const key of keys) {
      assert.deepEqual((await take(store, chargeOf(key, { cost: 3 }))).levels, [0], key);
    }
    for (const key of keys) assert.equal(await aheadSeconds(store, key), 3, key);
  });
}
