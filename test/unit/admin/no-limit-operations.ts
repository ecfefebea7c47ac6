import type { LimitOperations } from '../../../src/admin/limit-operations.ts';

const unexpected = () => Promise.reject(new Error('not expected'));

/** For tests that are not about limits. */
export const noLimitOperations: LimitOperations = {
  show: unexpected,
  reset: unexpected,
  offenders: () => [],
  overrides: () => [],
  addOverride: unexpected,
  removeOverride: unexpected,
};
