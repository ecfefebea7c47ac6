import type { LimitHands } from '../../../src/admin/limit-hands.ts';

const unexpected = () => Promise.reject(new Error('not expected'));

/** For tests that are not about limits. */
export const noLimitHands: LimitHands = {
  show: unexpected,
  reset: unexpected,
  offenders: () => [],
  overrides: () => [],
  addOverride: unexpected,
  removeOverride: unexpected,
};
