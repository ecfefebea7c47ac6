/**
 * The one place that knows @open-policy-agent/opa-wasm, whose types are mostly `any`, which throws
 * strings, and which notices that a builtin is missing when a request first needs it.
 */
import * as opaWasm from '@open-policy-agent/opa-wasm';
import type { JsonObject, JsonValue } from '../domain/json.ts';
import { BundleError } from './bundle-error.ts';
import { isJson, jsonText, parseJsonBytes } from './json-text.ts';

/** One instance of a policy, with its own memory. */
export interface OpaInstance {
  readonly entrypoints: readonly string[];
  /**
   * Evaluates an entrypoint on a JSON text and returns OPA's result set: `[{result: …}]`, or `[]` for
   * undefined. Throws an Error for whatever fails; the instance must not be used after that.
   */
  evaluate(entrypoint: string, inputText: string): JsonValue;
}

/** The builtins that opa-wasm brings; all others are compiled into the module, or missing. */
const hostBuiltins = new Set([
  'json.is_valid',
  'regex.split',
  'sprintf',
  'yaml.is_valid',
  'yaml.marshal',
  'yaml.unmarshal',
]);

const pageBytes = 64 * 1024;
/** OPA's own start. The module's data comes on top, which cannot be larger than the module. */
const startPages = 16;
/** 256 MiB, data included. An evaluation that needs more fails, and its request is denied. */
const maxPages = 4096;
/** What a character of JSON may take when it is parsed: measured with `[1,1,…`, the worst. */
const parsedBytesPerCharacter = 100;

/**
 * Compiles a module once and returns what makes instances of it, in about a millisecond each. Both
 * throw a BundleError for a module that cannot be evaluated here.
 *
 * An instance begins with the memory for an input of `inputLength` characters. It could grow, but by
 * pages, and beyond 64 MiB V8 collects garbage at each: seconds for a body of megabytes.
 */
export function compileOpaModule(
  wasm: Uint8Array<ArrayBuffer>,
  data: JsonObject,
): (inputLength: number) => OpaInstance {
  const basePages = startPages + Math.ceil(wasm.length / pageBytes);
  const dataBytes = bufferOf(jsonText(data));
  const module = orBundleError(() => new WebAssembly.Module(wasm));
  return (inputLength) =>
    orBundleError(() => {
      const inputPages = Math.ceil((inputLength * parsedBytesPerCharacter) / pageBytes);
      const initial = Math.min(basePages + inputPages, maxPages);
      const policy = library.loadPolicySync(module, { initial, maximum: maxPages });
      refuseMissing(policy);
      policy.setData(dataBytes);
      return instanceOf(policy);
    });
}

function orBundleError<T>(load: () => T): T {
  try {
    return load();
  } catch (error) {
    if (error instanceof BundleError) throw error;
    throw new BundleError(
      `the bundle's module cannot be loaded as a policy of opa build -t wasm: ${errorOf(error).message}`,
      { cause: error },
    );
  }
}

function instanceOf(policy: LoadedPolicy): OpaInstance {
  return {
    entrypoints: Object.keys(policy.entrypoints),
    evaluate: (entrypoint, inputText) => {
      try {
        const results = policy.evaluate(bufferOf(inputText), entrypoint);
        if (isJson(results)) return results;
      } catch (error) {
        throw errorOf(error);
      }
      throw new Error('the policy gave what is no JSON value, or nests too deep');
    },
  };
}

function refuseMissing(policy: LoadedPolicy): void {
  // Before 1.2, opa-wasm takes a slow path that leaves its input in memory.
  if (!(Number(policy.minorVersion) >= 2)) {
    throw new BundleError(
      "the bundle's module has an ABI older than 1.2: build it again with a current opa",
    );
  }
  const missing = builtinsOf(policy).filter((name) => !hostBuiltins.has(name));
  if (missing.length > 0) {
    throw new BundleError(
      `the policy calls builtins that are not available here: ${missing.join(', ')}`,
    );
  }
}

/** The names of the builtins that the module asks its host for. */
function builtinsOf({ wasmInstance: { exports }, mem }: LoadedPolicy): string[] {
  const start = exports.opa_json_dump(exports.builtins());
  const bytes = new Uint8Array(mem.buffer);
  const names = parseJsonBytes(bytes.subarray(start, bytes.indexOf(0, start)));
  return Object.keys(names ?? {}).toSorted();
}

/** opa-wasm takes an ArrayBuffer for JSON text, and so the text is made only once. */
function bufferOf(text: string): ArrayBuffer {
  const { buffer, byteLength } = encoder.encode(text);
  return buffer.byteLength === byteLength ? buffer : buffer.slice(0, byteLength);
}

const encoder = new TextEncoder();

/** opa-wasm throws strings, and objects that have a message. */
function errorOf(thrown: unknown): Error {
  if (thrown instanceof Error) return thrown;
  const hasMessage = typeof thrown === 'object' && thrown !== null && 'message' in thrown;
  return new Error(String(hasMessage ? thrown.message : thrown), { cause: thrown });
}

interface LoadedPolicy {
  readonly minorVersion: number | undefined;
  readonly mem: { readonly buffer: ArrayBuffer };
  readonly entrypoints: Readonly<Record<string, number>>;
  readonly wasmInstance: {
    readonly exports: { builtins(): number; opa_json_dump(address: number): number };
  };
  evaluate(input: ArrayBuffer, entrypoint: string): unknown;
  setData(data: ArrayBuffer): void;
}

interface OpaWasm {
  loadPolicySync(module: object, memory: { initial: number; maximum: number }): LoadedPolicy;
}

/** What is used of WebAssembly, whose types come only with the DOM's. */
declare const WebAssembly: { readonly Module: new (wasm: Uint8Array<ArrayBuffer>) => object };

/** Its types say that `loadPolicySync` is exported by name; in truth it hangs on the default. */
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the shape is the one of 1.10.0
const library = (opaWasm as unknown as { readonly default: OpaWasm }).default;
