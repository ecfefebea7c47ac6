/** Remembers what was used, for all replicas or for this process. */
export interface ReplayStore {
  /**
   * Whether the key was not used before; from now on it is, for `keepMs`. Rejects, or throws, when
   * that cannot be known.
   */
  use(key: string, keepMs: number): boolean | Promise<boolean>;
}
