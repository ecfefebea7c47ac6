import { MemoryLimitStore } from '../../src/limits/stores/memory-store.ts';
import { FakeClock } from '../unit/limits/fixture.ts';
import { testEpochMs, testLimitStore } from './limit-store.ts';

testLimitStore(async () => {
  const clock = new FakeClock(testEpochMs);
  return Promise.resolve({
    store: new MemoryLimitStore(clock),
    advance: (ms) => {
      clock.advance(ms);
    },
  });
});
