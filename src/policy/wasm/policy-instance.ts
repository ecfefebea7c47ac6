import type { EvaluationScope } from '../rego/builtin.ts';
import { readRego } from '../rego/text.ts';
import { RegoObject } from '../rego/value.ts';
import { mostFuel } from './fuel.ts';
import { type BuiltinsByNumber, HostBuiltins } from './host-builtins.ts';
import { type PolicyExports, readExports, readFuel } from './policy-exports.ts';
import { mostBytes, type PolicyMemory } from './policy-memory.ts';
import { pageBytes } from './web-assembly.ts';

/** One evaluation. */
export interface Evaluation {
  /** By its number in the module. */
  readonly entrypoint: number;
  /** JSON, or Rego's own literals. Without it, `input` is undefined. */
  readonly input: string | undefined;
  /** What the result set is written as: `rego` keeps sets, and keys of any kind. */
  readonly as: 'json' | 'rego';
  readonly scope: EvaluationScope;
  /** How many units it may use, beside those that reading the input takes. */
  readonly fuel: number;
}

/**
 * What the module takes to read a character of its input: 13 for a list of digits, less for the rest.
 * It is beside the fuel, for how large requests may be is bounded elsewhere (`server.maxMessage`).
 */
const unitsPerInputCharacter = 13;

/** For what the host asks of a module beside evaluations: OPA's grows its memory for 100,000. */
const errandFuel = 2_000_000;

/** OPA's writes its result set as one document of JSON, a policy's decision: of some hundred bytes. */
const mostResultBytes = 1024 * 1024;

/** What a module may name of itself, and say of why it gives up. */
const mostNamesBytes = 16 * 1024 * 1024;
const mostMessageBytes = 64 * 1024;

/** An evaluation used all of its fuel. */
class OutOfFuel extends Error {
  override readonly name = 'OutOfFuel';
}

/** Where a policy's data is, and where what an evaluation may overwrite begins. */
export interface DataPlace {
  readonly dataAddress: number;
  readonly heap: number;
}

/** One instance of a module in a memory. After an error that it threw it must not be used again. */
export class PolicyInstance {
  readonly memory: PolicyMemory;
  /** Below it are the module's variables and its stack, above it first the data. */
  readonly heapBase: number;
  #place: DataPlace;
  readonly #exports: PolicyExports;
  readonly #builtins: HostBuiltins;
  readonly #fuel: WebAssembly.Global;
  #fuelGiven = 0;

  constructor(module: WebAssembly.Module, memory: PolicyMemory, builtins: BuiltinsByNumber) {
    const host = new HostBuiltins(memory, builtins);
    const { exports } = new WebAssembly.Instance(module, { env: environment(memory, host) });
    this.#exports = readExports(exports);
    this.#fuel = readFuel(exports);
    this.#builtins = host;
    host.connect(this.#exports, this.#fuel);
    this.memory = memory;
    this.heapBase = aligned(this.#exports.opa_heap_ptr_get());
    this.#place = { dataAddress: 0, heap: this.heapBase };
    // What the module gave back at its start lies below; data that was put there would be in no image.
    this.#exports.opa_heap_ptr_set(this.heapBase);
  }

  /** What the module names, and the numbers that it gives to the names. */
  numbersOf(names: 'builtins' | 'entrypoints'): ReadonlyMap<string, number> {
    this.#fuel.value = mostFuel;
    const text = this.memory.readText(
      this.#exports.opa_value_dump(this.#exports[names]()),
      mostNamesBytes,
    );
    const object = readRego(text);
    const numbers = new Map<string, number>();
    if (!(object instanceof RegoObject)) return numbers;
    for (const [name, number] of object.entries) {
      if (typeof name === 'string' && typeof number === 'number') numbers.set(name, number);
    }
    return numbers;
  }

  get place(): DataPlace {
    return this.#place;
  }

  /** Says where the data is, which is in the memory already. */
  set place(place: DataPlace) {
    this.#place = place;
    this.#exports.opa_heap_ptr_set(place.heap);
  }

  /**
   * Makes room for so many bytes above the data at once. The allocator would grow the memory page by
   * page, and beyond 64 MiB V8 collects garbage at each: seconds for an input of megabytes.
   */
  reserve(bytes: number): void {
    const { heap } = this.#place;
    if (heap + bytes <= this.memory.bytes.length) return;
    this.#fuel.value = errandFuel;
    this.#exports.opa_heap_ptr_set(heap);
    this.#exports.opa_malloc(Math.min(bytes, this.memory.maxBytes - heap - pageBytes));
    this.#exports.opa_heap_ptr_set(heap);
  }

  /** Parses a text in the memory as the data. Returns false when it is no value. */
  parseData(address: number, length: number): boolean {
    this.#fuel.value = mostFuel;
    const dataAddress = this.#exports.opa_value_parse(address, length);
    this.#place = { dataAddress, heap: aligned(this.#exports.opa_heap_ptr_get()) };
    return dataAddress !== 0;
  }

  /** The result set, as text. Throws OutOfFuel, and whatever else an evaluation fails of. */
  evaluate({ entrypoint, input, as, scope, fuel }: Evaluation): string {
    const { dataAddress, heap } = this.#place;
    const length = input === undefined ? 0 : this.#writeInput(input, heap);
    const inputAddress = input === undefined ? 0 : heap;
    const end = aligned(heap + length);
    const asValue = as === 'rego' ? 1 : 0;
    this.#builtins.scope = scope;
    this.#fuelGiven = Math.min(fuel + (input?.length ?? 0) * unitsPerInputCharacter, mostFuel);
    this.#fuel.value = this.#fuelGiven;
    try {
      const { opa_eval: evaluate } = this.#exports;
      const result = evaluate(0, entrypoint, dataAddress, inputAddress, length, end, asValue);
      return this.memory.readText(result, mostResultBytes);
    } catch (error) {
      if (this.#fuel.value >= 0) throw error;
      const message = `the evaluation needs more than the ${fuel} units of policy.maxFuel`;
      throw new OutOfFuel(message, { cause: error });
    }
  }

  /** How many units the last evaluation used, reading its input included. */
  get fuelUsed(): number {
    return this.#fuelGiven - this.#fuel.value;
  }

  #writeInput(input: string, heap: number): number {
    this.reserve(mostBytes(input));
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
      throw new Error(memory.readText(address, mostMessageBytes));
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
