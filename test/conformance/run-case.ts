import { BundleError } from '../../src/policy/bundle-error.ts';
import type { Builtin } from '../../src/policy/rego/builtin.ts';
import { hostBuiltins } from '../../src/policy/rego/builtins.ts';
import { readRego } from '../../src/policy/rego/text.ts';
import { evaluateModule } from '../../src/policy/wasm/evaluate-module.ts';
import type { ConformanceCase } from './corpus.ts';
import type { Outcome } from './judge.ts';

/** Also what OPA's own tests bring. */
const builtins: ReadonlyMap<string, Builtin> = new Map([
  ...hostBuiltins,
  ['test.sleep', () => null],
]);

/** Evaluates a case as a policy would be, with nothing between it and the engine. */
export function runCase(
  { program, input, data }: ConformanceCase,
  module: Uint8Array<ArrayBuffer> | undefined,
): Outcome {
  if (program.kind === 'refused') return program;
  if (module === undefined) throw new Error('a compiled case comes without its module');
  try {
    const resultSet = evaluateModule(module, {
      entrypoint: program.entrypoint,
      data: readRego(data ?? '{}'),
      input: input === undefined ? undefined : readRego(input),
      builtins,
      call: { nowNs: BigInt(Date.now()) * 1_000_000n, remembered: new Map() },
    });
    return { kind: 'answered', resultSet };
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return { kind: error instanceof BundleError ? 'refused' : 'failed', detail };
  }
}
