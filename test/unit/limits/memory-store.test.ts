import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryLimitStore } from '../../../src/limits/memory-store.ts';
import type { Charge } from '../../../src/limits/store.ts';
import { FakeClock } from './fixture.ts';

function charge(key: string): Charge {
  return { key, counted: '', amount: 1_000_000, capacity: 1_000_000, enforced: true };
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
