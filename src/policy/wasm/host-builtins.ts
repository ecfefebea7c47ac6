import { type Builtin, type BuiltinCall, BuiltinError } from '../rego/builtin.ts';
import { readRego, writeRego } from '../rego/text.ts';
import type { RegoValue } from '../rego/value.ts';
import type { PolicyExports } from './policy-exports.ts';
import { mostBytes, type PolicyMemory } from './policy-memory.ts';

/** The builtins that a module asks its host for, by the numbers that it calls them by. */
export type BuiltinsByNumber = ReadonlyMap<number, Builtin>;

/**
 * Calls host builtins for one instance. Values pass as text, the only form that carries sets, keys of
 * any kind and all digits of a number.
 */
export class HostBuiltins {
  /** Of the evaluation that runs. */
  call: BuiltinCall | undefined;
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
    if (builtin === undefined || exports === undefined || this.call === undefined) {
      throw new Error(`the policy calls builtin ${number}, which it did not name`);
    }
    const operands = addresses.map((address) => this.#read(exports, address));
    const answer = answerOf(builtin, this.call, operands);
    return answer === undefined ? 0 : this.#write(exports, answer);
  }

  #read(exports: PolicyExports, value: number): RegoValue {
    const dumped = exports.opa_value_dump(value);
    const text = this.#memory.readText(dumped);
    exports.opa_free(dumped);
    this.#charge(text);
    return readRego(text);
  }

  #write(exports: PolicyExports, value: RegoValue): number {
    const text = writeRego(value);
    this.#charge(text);
    const address = exports.opa_malloc(mostBytes(text));
    const length = this.#memory.writeText(text, address);
    const parsed = exports.opa_value_parse(address, length);
    exports.opa_free(address);
    if (parsed === 0) throw new Error('the policy cannot read the answer of a builtin');
    return parsed;
  }

  /** The module stops as soon as it runs on with less than no fuel. */
  #charge(text: string): void {
    if (this.#fuel !== undefined) this.#fuel.value -= text.length;
  }
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
