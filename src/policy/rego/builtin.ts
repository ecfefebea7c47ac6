import type { RegoValue } from './value.ts';

/**
 * A builtin that the WASM module asks its host for. `undefined` makes the expression that calls it
 * undefined; so does a `BuiltinError`, which says why.
 */
export type Builtin = (
  call: BuiltinCall,
  ...operands: readonly RegoValue[]
) => RegoValue | undefined;

/** Builtins by their names in Rego: `crypto.sha256`. */
export type BuiltinTable = Readonly<Record<string, Builtin>>;

/** What all calls of one evaluation share. */
export interface BuiltinCall {
  /** `time.now_ns`: the same for the whole evaluation. */
  readonly nowNs: bigint;
  /**
   * What must answer alike when it is asked alike within one evaluation (rand, uuid, http.send):
   * keyed by the builtin and its operands.
   */
  readonly remembered: Map<string, RegoValue>;
}

/** The operands do not suit, or the answer cannot be had: OPA leaves the expression undefined. */
export class BuiltinError extends Error {
  override readonly name = 'BuiltinError';
}

/** What OPA treats as fatal: the evaluation ends, and its request is denied. */
export class BuiltinHalt extends Error {
  override readonly name = 'BuiltinHalt';
}
