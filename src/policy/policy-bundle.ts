/** What decides: compiled policy and data, of one bundle or of several together. */
export interface PolicyBundle {
  /** Never empty, and fit for a header. Of several bundles: `authz=r1 users=r7`. */
  readonly revision: string;
  /** WASM modules by the entrypoint that they answer, for example `envoy/authz/allow`. */
  readonly modules: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
  /** Together they are `data`. No two have a place in common. */
  readonly data: readonly DataPart[];
  /** Of several bundles: the revision of each by its name. */
  readonly parts?: Readonly<Record<string, { readonly revision: string }>>;
  /** Of several bundles: whose module an entrypoint is. */
  readonly owners?: ReadonlyMap<string, string>;
}

/**
 * A part of `data` as text: parsed, a hundred megabytes of it would be many times as large, and would
 * have to be taken apart to go from one thread to another.
 */
export interface DataPart {
  /** Where in `data` it is; empty: it is all of it. */
  readonly path: readonly string[];
  /** JSON in UTF-8, in memory that threads share when it is large. */
  readonly json: Uint8Array;
}
