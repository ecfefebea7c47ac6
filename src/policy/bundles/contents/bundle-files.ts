/** The files of a bundle by their path, without a leading slash. */
export type BundleFiles = ReadonlyMap<string, Uint8Array>;
