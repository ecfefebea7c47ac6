import {
  type Builtin,
  type BuiltinCall,
  BuiltinError,
  BuiltinHalt,
  type EvaluationScope,
} from '../rego/builtin.ts';
import { readRego, writeRego } from '../rego/text.ts';
import type { RegoValue } from '../rego/value.ts';
import type { PolicyExports } from './policy-exports.ts';
import { mostBytes, type PolicyMemory } from './policy-memory.ts';

/** What a call takes at least, and each byte of an operand and character of the answer: 1 µs, 10 ns. */
const unitsPerCall = 300;
const unitsPerCharacter = 4;

/** The builtins that a module asks its host for, by the numbers that it calls them by. */
export type BuiltinsByNumber = ReadonlyMap<number, Builtin>;

/**
 * Calls host builtins for one instance. Values pass as text, the only form that carries sets, keys of
 * any kind and all digits of a number.
 */
export class HostBuiltins {
  /** Of the evaluation that runs. */
  scope: EvaluationScope | undefined;
  readonly #memory: PolicyMemory;
  readonly #builtins: BuiltinsByNumber;
  #exports: PolicyExports | undefined;
  #fuel: WebAssembly.Global | undefined;

  constructor(memory: PolicyMemory, builtins: BuiltinsByNumber) {
    this.#memory = memory;
    this.#builtins = builtins;
  }

  /** An instance needs its imports before it has exports. */
  connect(exports: PolicyExports, fuel: WebAssembly.Global): void {
    this.#exports = exports;
    this.#fuel = fuel;
  }

  /**
   * Returns the address of the answer, or 0, which makes the calling expression undefined: as OPA's
   * own host does for every error that does not halt. What halts is thrown, through the module.
   */
  invoke(number: number, addresses: readonly number[]): number {
    const builtin = this.#builtins.get(number);
    const exports = this.#exports;
    if (builtin === undefined || exports === undefined || this.scope === undefined) {
      throw new Error(`the policy calls builtin ${number}, which it did not name`);
    }
    this.#spend(unitsPerCall);
    const operands = addresses.map((address) => this.#read(exports, address));
    const answer = answerOf(builtin, { ...this.scope, spend: this.#spend }, operands);
    return answer === undefined ? 0 : this.#write(exports, answer);
  }

  #read(exports: PolicyExports, value: number): RegoValue {
    const dumped = exports.opa_value_dump(value);
    const length = this.#memory.textBytes(dumped);
    this.#spend(length * unitsPerCharacter);
    const text = this.#memory.readText(dumped, length);
    exports.opa_free(dumped);
    return readRego(text);
  }

  #write(exports: PolicyExports, value: RegoValue): number {
    const text = writeRego(value);
    this.#spend(text.length * unitsPerCharacter);
    const address = exports.opa_malloc(mostBytes(text));
    const length = this.#memory.writeText(text, address);
    const parsed = exports.opa_value_parse(address, length);
    exports.opa_free(address);
    if (parsed === 0) throw new Error('the policy cannot read the answer of a builtin');
    return parsed;
  }

  /** What is thrown passes through the module. The counter must not wrap around at its lowest. */
  readonly #spend = (units: number): void => {
    if (this.#fuel === undefined) return;
    this.#fuel.value = Math.max(this.#fuel.value - units, -1);
    if (this.#fuel.value < 0) throw new BuiltinHalt('the evaluation has no fuel left');
  };
}

function answerOf(
  builtin: Builtin,
  call: BuiltinCall,
  operands: readonly RegoValue[],
): RegoValue | undefined {
  try {
    return builtin(call, ...operands);
  } catch (error) {
    if (error instanceof BuiltinError) return undefined;
    throw error;
  }
}
