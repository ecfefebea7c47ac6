import type { GrantOperations } from '../../../src/admin/grant-operations.ts';

const unexpected = () => Promise.reject(new Error('not expected'));

/** For tests that are not about grants. */
export const noGrantOperations: GrantOperations = {
  list: () => ({ outcome: 'done', value: [] }),
  add: unexpected,
  approve: unexpected,
  revoke: unexpected,
};
