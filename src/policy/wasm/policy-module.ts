import { messageOf } from '../../domain/fault-message.ts';
import { BundleError } from '../bundle-error.ts';
import type { Projection } from '../input/projection.ts';
import type { Builtin } from '../rego/builtin.ts';
import { refusalOf } from '../rego/refused-builtins.ts';
import { addFuel } from './fuel.ts';
import type { BuiltinsByNumber } from './host-builtins.ts';
import { PolicyInstance } from './policy-instance.ts';
import { PolicyMemory } from './policy-memory.ts';
import { inputProjections } from './projection/input-projections.ts';

/** A module of `opa build -t wasm`, compiled once for all of its instances. */
export interface PolicyModule {
  readonly compiled: WebAssembly.Module;
  /** What its own variables and its stack may take in a memory. */
  readonly staticBytes: number;
  readonly entrypoints: ReadonlyMap<string, number>;
  /** What each entrypoint can read of the input. */
  readonly projections: ReadonlyMap<string, Projection>;
  readonly builtins: BuiltinsByNumber;
}

/**
 * Throws a BundleError for a module that is not OPA's, or that calls a builtin which its host does
 * not have: at load, and not when a request first needs it.
 */
export function compilePolicy(
  wasm: Uint8Array,
  builtins: ReadonlyMap<string, Builtin>,
): PolicyModule {
  return connectBuiltins(readModule(wasm), builtins);
}

/** Throws a BundleError for a module that calls a builtin which its host does not have. */
export function connectBuiltins(
  { calls, ...module }: ReadModule,
  builtins: ReadonlyMap<string, Builtin>,
): PolicyModule {
  return { ...module, builtins: numberBuiltins(calls, builtins) };
}

/** A module and what it calls of its host, whether or not that is there: can go to another thread. */
export interface ReadModule extends Omit<PolicyModule, 'builtins'> {
  /** The numbers of builtins by their names. */
  readonly calls: ReadonlyMap<string, number>;
}

/** Throws a BundleError for a module that is not OPA's. */
export function readModule(wasm: Uint8Array): ReadModule {
  try {
    const compiled = new WebAssembly.Module(addFuel(wasm));
    // OPA's stack is 64 KiB; the module's variables are in it, but for what begins as zeros.
    const staticBytes = 1024 * 1024 + wasm.length;
    const memory = new PolicyMemory(staticBytes, 2 * staticBytes);
    const instance = new PolicyInstance(compiled, memory, new Map());
    const entrypoints = instance.numbersOf('entrypoints');
    return {
      compiled,
      staticBytes,
      entrypoints,
      projections: inputProjections(wasm, entrypoints),
      calls: instance.numbersOf('builtins'),
    };
  } catch (error) {
    if (error instanceof BundleError) throw error;
    const why = messageOf(error);
    throw new BundleError(
      `the bundle's module cannot be loaded as a policy of opa build -t wasm: ${why}`,
      { cause: error },
    );
  }
}

function numberBuiltins(
  needed: ReadonlyMap<string, number>,
  builtins: ReadonlyMap<string, Builtin>,
): BuiltinsByNumber {
  const byNumber = new Map<number, Builtin>();
  const refusals: string[] = [];
  for (const [name, number] of needed) {
    const builtin = builtins.get(name);
    if (builtin === undefined) refusals.push(`${name} (${refusalOf(name)})`);
    else byNumber.set(number, builtin);
  }
  if (refusals.length === 0) return byNumber;
  throw new BundleError(
    `the policy calls builtins that are not available here: ${refusals.join(', ')}`,
  );
}
