import { BundleError } from '../bundle-error.ts';
import type { Builtin, BuiltinCall } from '../rego/builtin.ts';
import { readRego, writeRego } from '../rego/text.ts';
import type { RegoValue } from '../rego/value.ts';
import { mostFuel } from './fuel.ts';
import { compilePolicy } from './policy-module.ts';

/**
 * Evaluates one entrypoint of a module once, from its bytes, and returns OPA's result set: for tests
 * that judge the language, beside what a request is. Throws what the evaluation throws.
 */
export function evaluateModule(
  wasm: Uint8Array<ArrayBuffer>,
  question: {
    readonly data: RegoValue;
    /** Undefined leaves `input` undefined. */
    readonly input: RegoValue | undefined;
    /** For example `test/p`. */
    readonly entrypoint: string;
    readonly builtins: ReadonlyMap<string, Builtin>;
    readonly call: BuiltinCall;
    /** Without it, as much as there is. */
    readonly fuel?: number;
  },
): RegoValue {
  const policy = compilePolicy(wasm, question.builtins);
  const entrypoint = policy.entrypoints.get(question.entrypoint);
  if (entrypoint === undefined) throw new BundleError(`no entrypoint ${question.entrypoint}`);
  const instance = policy.instantiate();
  instance.loadData(writeRego(question.data));
  const result = instance.evaluate({
    entrypoint,
    input: question.input === undefined ? undefined : writeRego(question.input),
    as: 'rego',
    call: question.call,
    fuel: question.fuel ?? mostFuel,
  });
  return readRego(result);
}
