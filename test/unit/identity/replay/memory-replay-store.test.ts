import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryReplayStore } from '../../../../src/identity/replay/memory-replay-store.ts';
import { FakeClock } from '../callers.ts';

test('a key is used once, for as long as it is kept', () => {
  const clock = new FakeClock();
  const store = new MemoryReplayStore(clock);
  assert.equal(store.use('a', 1000), true);
  assert.equal(store.use('a', 1000), false);
  assert.equal(store.use('b', 1000), true);
  clock.advance(999);
  assert.equal(store.use('a', 1000), false);
  clock.advance(1);
  assert.equal(store.use('a', 1000), true);
});

test('none is forgotten to make room: what cannot be remembered cannot be used', () => {
  const clock = new FakeClock();
  const store = new MemoryReplayStore(clock, 2);
  store.use('a', 1000);
  store.use('b', 3000);
  assert.throws(() => store.use('c', 1000), /too many/);
  assert.equal(store.use('a', 1000), false);
  clock.advance(1000);
  assert.equal(store.use('c', 1000), true, 'the first is over');
  assert.equal(store.use('b', 1000), false);
});
