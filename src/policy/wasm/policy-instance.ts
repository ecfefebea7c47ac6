import type { BuiltinCall } from '../rego/builtin.ts';
import { readRego } from '../rego/text.ts';
import { RegoObject } from '../rego/value.ts';
import { type BuiltinsByNumber, HostBuiltins } from './host-builtins.ts';
import { type PolicyExports, readExports } from './policy-exports.ts';
import { mostBytes, type PolicyMemory } from './policy-memory.ts';

/** One evaluation. */
export interface Evaluation {
  /** By its number in the module. */
  readonly entrypoint: number;
  /** JSON, or Rego's own literals. Without it, `input` is undefined. */
  readonly input: string | undefined;
  /** What the result set is written as: `rego` keeps sets, and keys of any kind. */
  readonly as: 'json' | 'rego';
  readonly call: BuiltinCall;
}

/** Where a policy's data ends, and what an evaluation may overwrite begins. */
export interface DataPlace {
  readonly dataAddress: number;
  readonly heap: number;
}

/** One instance of a module in a memory. After an error that it threw it must not be used again. */
export class PolicyInstance {
  readonly memory: PolicyMemory;
  readonly #exports: PolicyExports;
  readonly #builtins: HostBuiltins;
  #place: DataPlace;

  constructor(module: WebAssembly.Module, memory: PolicyMemory) {
    const builtins = new HostBuiltins(memory);
    const { exports } = new WebAssembly.Instance(module, { env: environment(memory, builtins) });
    this.#exports = readExports(exports);
    this.#builtins = builtins;
    this.memory = memory;
    this.#place = { dataAddress: 0, heap: this.#exports.opa_heap_ptr_get() };
  }

  /** What the module names, and the numbers that it gives to the names. */
  numbersOf(names: 'builtins' | 'entrypoints'): ReadonlyMap<string, number> {
    const text = this.memory.readText(this.#exports.opa_value_dump(this.#exports[names]()));
    const object = readRego(text);
    const numbers = new Map<string, number>();
    if (!(object instanceof RegoObject)) return numbers;
    for (const [name, number] of object.entries) {
      if (typeof name === 'string' && typeof number === 'number') numbers.set(name, number);
    }
    return numbers;
  }

  connect(builtins: BuiltinsByNumber): void {
    this.#builtins.connect(this.#exports, builtins);
  }

  get place(): DataPlace {
    return this.#place;
  }

  set place(place: DataPlace) {
    this.#place = place;
    this.#exports.opa_heap_ptr_set(place.heap);
  }

  /** Parses the data, which every evaluation from now on reads. */
  loadData(text: string): void {
    const address = this.#exports.opa_malloc(mostBytes(text));
    const length = this.memory.writeText(text, address);
    const dataAddress = this.#exports.opa_value_parse(address, length);
    if (dataAddress === 0) throw new Error('the data is not JSON');
    this.#place = { dataAddress, heap: this.#exports.opa_heap_ptr_get() };
  }

  /** The result set, as text. */
  evaluate({ entrypoint, input, as, call }: Evaluation): string {
    const { dataAddress, heap } = this.#place;
    const length = input === undefined ? 0 : this.#writeInput(input, heap);
    const inputAddress = input === undefined ? 0 : heap;
    const asValue = as === 'rego' ? 1 : 0;
    this.#builtins.call = call;
    const end = aligned(heap + length);
    const result = this.#exports.opa_eval(
      0,
      entrypoint,
      dataAddress,
      inputAddress,
      length,
      end,
      asValue,
    );
    return this.memory.readText(result);
  }

  #writeInput(input: string, heap: number): number {
    const bytes = mostBytes(input);
    // The allocator must know of what it can use: else it grows the memory again, page by page.
    if (heap + bytes > this.memory.bytes.length) {
      this.#exports.opa_heap_ptr_set(heap);
      this.#exports.opa_malloc(bytes);
    }
    return this.memory.writeText(input, heap);
  }
}

/** To the next address that is fit for any of the allocator's blocks. */
function aligned(address: number): number {
  return Math.ceil(address / 8) * 8;
}

/** What the module imports. What is thrown here ends the evaluation. */
function environment(memory: PolicyMemory, builtins: HostBuiltins) {
  const invoke = (id: number, _context: number, ...addresses: readonly number[]): number =>
    builtins.invoke(id, addresses);
  return {
    memory: memory.memory,
    opa_abort: (address: number): never => {
      throw new Error(memory.readText(address));
    },
    // OPA's compiler leaves `print` out unless it is asked to keep it; there is nobody to read it.
    opa_println: (): void => {},
    opa_builtin0: invoke,
    opa_builtin1: invoke,
    opa_builtin2: invoke,
    opa_builtin3: invoke,
    opa_builtin4: invoke,
  };
}
