import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryLimitStore } from '../../../../src/limits/stores/memory-store.ts';
import type { Charge } from '../../../../src/limits/stores/store.ts';
import { FakeClock } from '../fixture.ts';

function charge(key: string): Charge {
  return { key, counted: '', amount: 1_000_000, capacity: 1_000_000, enforced: true };
}

/** One of five. */
function fifthOf(key: string): Charge {
  return { ...charge(key), capacity: 5_000_000 };
}

test('keys that expired are forgotten while others are taken', () => {
  const clock = new FakeClock();
  const store = new MemoryLimitStore(clock);
  for (let index = 0; index < 1000; index += 1) store.take([charge(`early-${index}`)]);
  clock.advance(1000);
  for (let index = 0; index < 1000; index += 1) store.take([charge(`late-${index}`)]);
  assert.ok(store.size <= 1001, `${store.size} keys`);
});

test('a key that still counts is not swept', () => {
  const clock = new FakeClock();
  const store = new MemoryLimitStore(clock);
  store.take([charge('spent')]);
  for (let index = 0; index < 1000; index += 1) store.take([charge(`other-${index}`)]);
  assert.equal(store.take([charge('spent')]).admitted, false);
});

test('there are never more keys than the bound, and a new one is still counted', () => {
  const store = new MemoryLimitStore(new FakeClock(), 100);
  for (let index = 0; index < 10_000; index += 1) {
    assert.equal(store.take([charge(`key-${index}`)]).admitted, true);
    assert.equal(store.take([charge(`key-${index}`)]).admitted, false);
    assert.ok(store.size <= 100);
  }
});

test('refused requests bring no keys', () => {
  const store = new MemoryLimitStore(new FakeClock());
  store.take([charge('spent')]);
  for (let index = 0; index < 100; index += 1) {
    store.take([charge('spent'), charge(`new-${index}`)]);
  }
  assert.equal(store.size, 1);
});

test('a flood of invented callers makes a full store forget its own, and not who is over', () => {
  const bound = 1000;
  const store = new MemoryLimitStore(new FakeClock(), bound);
  const spent = Array.from({ length: 20 }, (_, index) => `spent-${index}`);
  for (const key of spent) {
    for (let index = 0; index < 20; index += 1) store.take([fifthOf(`before-${key}-${index}`)]);
    while (store.take([fifthOf(key)]).admitted);
  }
  for (let index = 0; index < 50 * bound; index += 1) store.take([fifthOf(`invented-${index}`)]);
  assert.equal(store.size, bound);
  for (const key of spent) assert.equal(store.take([fifthOf(key)]).admitted, false, key);
});

test('of windows of the calendar, which all end together, those with least in them are forgotten', () => {
  const dayUs = 86_400_000_000;
  const store = new MemoryLimitStore(new FakeClock(), 100);
  const ofToday = (key: string): Charge => ({
    ...charge(key),
    amount: 1,
    capacity: 3,
    edgesUs: [-dayUs, 0, dayUs, 2 * dayUs],
  });
  for (let index = 0; index < 50; index += 1) store.take([ofToday(`early-${index}`)]);
  while (store.take([ofToday('spent')]).admitted);
  for (let index = 0; index < 5000; index += 1) store.take([ofToday(`invented-${index}`)]);
  assert.equal(store.take([ofToday('spent')]).admitted, false);
});
