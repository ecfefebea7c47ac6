import { systemClock } from '../../src/domain/clock.ts';
import { createMemoryBoard } from '../../src/shared-state/boards.ts';
import { describeBulletin } from './bulletin.ts';

describeBulletin('in memory', () => {
  const board = createMemoryBoard(systemClock);
  return Promise.resolve({
    open: () => board,
    write: async (text) => {
      const { text: present = '' } = await board.look('no version');
      await board.look(present.slice(0, 36), { text, lifeMs: 60_000 });
    },
  });
});
