/** The command was called wrongly, or what it needs could not be read: exit status 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
