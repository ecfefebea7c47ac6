import { BundleError } from '../bundle-error.ts';
import type { Builtin, EvaluationScope } from '../rego/builtin.ts';
import { readRego, writeRego } from '../rego/text.ts';
import { type RegoEntry, RegoObject, type RegoValue } from '../rego/value.ts';
import type { Projection } from '../input/projection.ts';
import { buildImage, loadImage } from './data-image.ts';
import { mostFuel } from './fuel.ts';
import { compilePolicy } from './policy-module.ts';

export interface ModuleQuestion {
  readonly data: RegoValue;
  /** Undefined leaves `input` undefined. */
  readonly input: RegoValue | undefined;
  /** For example `test/p`. */
  readonly entrypoint: string;
  readonly builtins: ReadonlyMap<string, Builtin>;
  readonly scope: EvaluationScope;
  /** Without it, as much as there is. */
  readonly fuel?: number;
}

/**
 * Evaluates one entrypoint of a module once, from its bytes, and returns OPA's result set: for tests
 * that judge the language, and not a request. Throws what the evaluation throws.
 */
export function evaluateModule(wasm: Uint8Array, question: ModuleQuestion): RegoValue {
  const { data, input, scope, fuel = mostFuel } = question;
  const module = compilePolicy(wasm, question.builtins);
  const entrypoint = module.entrypoints.get(question.entrypoint);
  if (entrypoint === undefined) throw new BundleError(`no entrypoint ${question.entrypoint}`);
  const instance = loadImage(module, buildImage(module, Buffer.from(writeRego(data))));
  const projection = module.projections.get(question.entrypoint) ?? 'whole';
  const inputText = input === undefined ? undefined : writeRego(projected(input, projection));
  return readRego(instance.evaluate({ entrypoint, input: inputText, as: 'rego', scope, fuel }));
}

/** As `projectedText` does it with JSON. */
function projected(value: RegoValue, projection: Projection): RegoValue {
  if (projection === 'whole' || !(value instanceof RegoObject)) return value;
  const entries = value.entries.flatMap(([key, member]): RegoEntry[] => {
    const part = typeof key === 'string' ? projection.get(key) : undefined;
    return part === undefined ? [] : [[key, projected(member, part)]];
  });
  return RegoObject.of(entries);
}
