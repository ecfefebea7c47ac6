import { BundleError } from '../bundle-error.ts';
import type { Builtin } from '../rego/builtin.ts';
import { refusalOf } from '../rego/refused-builtins.ts';
import { PolicyInstance } from './policy-instance.ts';
import { pagesFor, PolicyMemory } from './policy-memory.ts';

/** A module of `opa build -t wasm`, compiled once for all of its instances. */
export interface PolicyModule {
  readonly entrypoints: ReadonlyMap<string, number>;
  /** Makes an instance without data, in a memory of its own. */
  instantiate(memory?: MemorySize): PolicyInstance;
}

export interface MemorySize {
  /** For what will be loaded at once; more is taken when it is needed. */
  readonly initialBytes: number;
  /** Beside the data. An evaluation that needs more fails. */
  readonly maximumBytes: number;
}

const defaultSize: MemorySize = { initialBytes: 1024 * 1024, maximumBytes: 256 * 1024 * 1024 };

/**
 * Throws a BundleError for a module that is not OPA's, or that calls a builtin which its host does
 * not have: at load, and not when a request first needs it.
 */
export function compilePolicy(
  wasm: Uint8Array<ArrayBuffer>,
  builtins: ReadonlyMap<string, Builtin>,
): PolicyModule {
  const module = orBundleError(() => new WebAssembly.Module(wasm));
  const instantiate = ({ initialBytes, maximumBytes } = defaultSize): PolicyInstance => {
    // The module's own data is in the memory too, and is no larger than the module.
    const initial = pagesFor(wasm.length + initialBytes);
    const memory = new PolicyMemory(initial, initial + pagesFor(maximumBytes));
    return new PolicyInstance(module, memory);
  };
  const first = orBundleError(instantiate);
  const byNumber = new Map<number, Builtin>();
  const refusals: string[] = [];
  for (const [name, number] of first.numbersOf('builtins')) {
    const builtin = builtins.get(name);
    if (builtin === undefined) refusals.push(`${name} (${refusalOf(name)})`);
    else byNumber.set(number, builtin);
  }
  if (refusals.length > 0) {
    throw new BundleError(
      `the policy calls builtins that are not available here: ${refusals.join(', ')}`,
    );
  }
  return {
    entrypoints: first.numbersOf('entrypoints'),
    instantiate: (size) => {
      const instance = instantiate(size);
      instance.connect(byNumber);
      return instance;
    },
  };
}

function orBundleError<T>(load: () => T): T {
  try {
    return load();
  } catch (error) {
    if (error instanceof BundleError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new BundleError(
      `the bundle's module cannot be loaded as a policy of opa build -t wasm: ${why}`,
      { cause: error },
    );
  }
}
