import type { RegoObject, RegoValue } from './value.ts';

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

/** What one evaluation has from beginning to end. */
export interface EvaluationScope {
  /** `time.now_ns`: the same for the whole evaluation. */
  readonly nowNs: bigint;
  /**
   * What must answer alike when it is asked alike within one evaluation (rand, uuid, http.send):
   * keyed by the builtin and its operands.
   */
  readonly remembered: Map<string, RegoValue>;
}

/**
 * Takes units from the evaluation's fuel, about 3 ns each, before that much work is done. Throws when
 * there are not as many.
 */
export type Spend = (units: number) => void;

/** One call of a builtin. */
export interface BuiltinCall extends EvaluationScope {
  /** For work that grows faster than the operands; their text and the answer's are paid for already. */
  readonly spend: Spend;
}

/** The operands do not suit, or the answer cannot be had: OPA leaves the expression undefined. */
export class BuiltinError extends Error {
  override readonly name = 'BuiltinError';
}

/** What OPA treats as fatal: the evaluation ends, and its request is denied. */
export class BuiltinHalt extends Error {
  override readonly name: string = 'BuiltinHalt';
}

/** The answer from outside did not come before the deadline of the check. */
export class BuiltinDeadline extends BuiltinHalt {
  override readonly name = 'BuiltinDeadline';
}

/** What only the outside can answer: `http.send` and `net.lookup_ip_addr`. */
export type OutsideQuestion =
  | { readonly kind: 'http'; readonly request: RegoObject }
  | { readonly kind: 'lookup'; readonly name: string };

/**
 * The evaluation cannot go on without an answer from outside. It ends here; once the answer to the
 * question is remembered under the key (`BuiltinCall.remembered`), it starts again.
 */
export class BuiltinSuspension extends Error {
  override readonly name = 'BuiltinSuspension';
  readonly key: string;
  readonly question: OutsideQuestion;

  constructor(key: string, question: OutsideQuestion) {
    super('the evaluation waits for an answer from outside');
    this.key = key;
    this.question = question;
  }
}
