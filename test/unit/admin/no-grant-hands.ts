import type { GrantHands } from '../../../src/admin/grant-hands.ts';

const unexpected = () => Promise.reject(new Error('not expected'));

/** For tests that are not about grants. */
export const noGrantHands: GrantHands = {
  list: () => ({ outcome: 'done', value: [] }),
  add: unexpected,
  approve: unexpected,
  revoke: unexpected,
};
