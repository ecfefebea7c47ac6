import type { KeySet, VerificationKey } from './key-set.ts';

/** An issuer's keys as they are known now. */
export interface KeySource {
  /** By `keyName`. A key that is no longer found is no longer believed. */
  find(name: string): VerificationKey | undefined;
  /** Asks for newer keys; resolves when they have come, or failed to. Undefined: not now. */
  refresh(): Promise<void> | undefined;
}

/** Keys from a file: other ones come with another source. */
export function fixedKeys(keys: KeySet): KeySource {
  return { find: (name) => keys.get(name), refresh: () => undefined };
}
