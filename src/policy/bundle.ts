import type { JsonObject } from '../domain/json.ts';

/** What decides: compiled policy and data, of one bundle or of several together. */
export interface PolicyBundle {
  /** Never empty, and fit for a header. Of several bundles: `authz=r1 users=r7`. */
  readonly revision: string;
  /** WASM modules by the entrypoint that they answer, for example `envoy/authz/allow`. */
  readonly modules: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
  readonly data: JsonObject;
  /** Of several bundles: the revision of each by its name. */
  readonly parts?: Readonly<Record<string, { readonly revision: string }>>;
}
