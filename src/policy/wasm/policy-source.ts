import type { DataPart } from '../policy-bundle.ts';

/** What a policy is made of. */
export interface PolicySource {
  readonly wasm: Uint8Array<ArrayBuffer>;
  readonly data: readonly DataPart[];
}
