import type { KeySet, VerificationKey } from './key-set.ts';

/** An issuer's keys as they are known now. */
export interface KeySource {
  /** By `keyName`. A key that is no longer found is no longer believed. */
  find(name: string): VerificationKey | undefined;
  /**
   * Has newer keys asked for, as soon as may be; resolves when they have come, or failed to.
   * Undefined: not before the deadline, which is on the monotonic clock.
   */
  refresh(deadlineMs: number): Promise<void> | undefined;
}

/** Keys from a file: other ones come with another source. */
export function fixedKeys(keys: KeySet): KeySource {
  return { find: (name) => keys.get(name), refresh: () => undefined };
}
