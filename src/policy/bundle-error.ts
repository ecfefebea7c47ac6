/** A bundle, or a descriptor, that cannot be served. The message says what, where, and what to do. */
export class BundleError extends Error {
  override readonly name = 'BundleError';
}
