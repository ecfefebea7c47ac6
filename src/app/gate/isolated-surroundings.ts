import type { Clock } from '../../domain/clock.ts';
import { emptyBook } from '../../grants/grant-book.ts';
import { type KeyServerAccess, KeyServers } from '../../identity/keys/key-servers.ts';
import { MemoryReplayStore } from '../../identity/replay/memory-replay-store.ts';
import { askNobody } from '../callers/ask-for-keys.ts';
import type { GateSurroundings } from './gate-keeper.ts';
import { createMemoryCounts } from '../limits/limit-counts.ts';

/** For a gate that shares nothing with a server: its limits and tokens are counted in memory. */
export function createIsolatedSurroundings(
  clock: Clock,
  keyServerAccess: KeyServerAccess = askNobody,
): GateSurroundings {
  return {
    clock,
    callers: {
      keyServers: new KeyServers({ ...keyServerAccess, clock, onFetched: () => {} }),
      replays: new MemoryReplayStore(clock),
      clock,
      onTokenJudged: () => {},
      onCertificate: () => {},
    },
    limits: createMemoryCounts(clock).surroundings,
    grants: emptyBook,
  };
}
