import { BundleError } from '../bundle-error.ts';
import { fuelExport } from './fuel.ts';

/** What OPA's compiler exports, as far as it is used. Addresses and lengths are in bytes. */
export interface PolicyExports {
  /**
   * Parses the input (JSON, or Rego's own literals), evaluates, and returns the address of the result
   * set as text: Rego's when `asValue` is 1, JSON when it is 0. What lies above `heap` is overwritten.
   */
  readonly opa_eval: (
    reserved: 0,
    entrypoint: number,
    data: number,
    input: number,
    inputLength: number,
    heap: number,
    asValue: 0 | 1,
  ) => number;
  readonly opa_malloc: (size: number) => number;
  readonly opa_free: (address: number) => void;
  /** Zero when the text is not a value. */
  readonly opa_value_parse: (text: number, length: number) => number;
  readonly opa_value_dump: (value: number) => number;
  readonly opa_json_dump: (value: number) => number;
  readonly opa_heap_ptr_get: () => number;
  readonly opa_heap_ptr_set: (address: number) => void;
  /** An object of builtin names and the numbers that the module calls them by. */
  readonly builtins: () => number;
  /** An object of entrypoint names and numbers. */
  readonly entrypoints: () => number;
}

const functionNames: readonly (keyof PolicyExports)[] = [
  'opa_eval',
  'opa_malloc',
  'opa_free',
  'opa_value_parse',
  'opa_value_dump',
  'opa_json_dump',
  'opa_heap_ptr_get',
  'opa_heap_ptr_set',
  'builtins',
  'entrypoints',
];

/** Throws a BundleError for a module that is not OPA's, or that is older than ABI 1.2. */
export function readExports(exports: WebAssembly.Exports): PolicyExports {
  const major = globalNumber(exports['opa_wasm_abi_version']);
  const minor = globalNumber(exports['opa_wasm_abi_minor_version']);
  if (major === undefined || minor === undefined) throw notOpas('it names no version of its ABI');
  if (major !== 1 || minor < 2) {
    throw new BundleError(
      `the bundle's module has ABI ${major}.${minor}, but 1.2 or 1.3 is needed: build it again with a current opa`,
    );
  }
  const missing = functionNames.find((name) => typeof exports[name] !== 'function');
  if (missing !== undefined) throw notOpas(`it does not export ${missing}`);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- each name was just looked at
  return exports as unknown as PolicyExports;
}

/** The counter that `addFuel` wrote into the module. */
export function readFuel(exports: WebAssembly.Exports): WebAssembly.Global {
  const fuel = exports[fuelExport];
  if (fuel instanceof WebAssembly.Global) return fuel;
  throw new Error('the module was compiled without fuel');
}

function globalNumber(exported: unknown): number | undefined {
  return exported instanceof WebAssembly.Global ? exported.value : undefined;
}

function notOpas(why: string): BundleError {
  return new BundleError(`the bundle's module is not one of opa build -t wasm: ${why}`);
}
