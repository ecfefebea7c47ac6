/** What runs a script of ours on the Redis that has its keys. */
export interface ScriptRunner {
  /** When false, calls fail at once. */
  isUp(): boolean;
  /** Rejects on an error, a lost connection, or after the command timeout. */
  runScript(
    lua: string,
    keys: readonly string[],
    args: readonly (string | number)[],
  ): Promise<unknown>;
}
