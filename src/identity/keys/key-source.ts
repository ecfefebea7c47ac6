import type { KeySet, VerificationKey } from './key-set.ts';

/** An issuer's keys as they are known now. */
export interface KeySource {
  /** By `keyName`. A key that is no longer found is no longer believed. */
  find(name: string): VerificationKey | undefined;
  /**
   * Asks for newer keys as soon as that is allowed. Resolves when they have come or could not be had;
   * undefined when that cannot be before the deadline, which is on the monotonic clock.
   */
  refresh(deadlineMs: number): Promise<void> | undefined;
}

/** Keys from a file. When the file changes, another source takes the place of this one. */
export function fixedKeys(keys: KeySet): KeySource {
  return { find: (name) => keys.get(name), refresh: () => undefined };
}
