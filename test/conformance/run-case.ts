import { parsePlainYaml } from '../../src/config/yaml/plain-yaml.ts';
import { BundleError } from '../../src/policy/bundle-error.ts';
import type { Builtin } from '../../src/policy/rego/builtin.ts';
import { readAllowedHosts } from '../../src/policy/rego/builtins/http/allowed-hosts.ts';
import { evaluateWithFetches } from '../../src/policy/rego/builtins/http/evaluate-with-fetches.ts';
import { createHttpFetcher } from '../../src/policy/rego/builtins/http/http-fetcher.ts';
import { outsideBuiltins } from '../../src/policy/rego/builtins/http/outside.ts';
import { readRego } from '../../src/policy/rego/text.ts';
import { evaluateModule } from '../../src/policy/wasm/evaluate-module.ts';
import type { ConformanceCase } from './corpus.ts';
import type { Outcome } from './judge.ts';
import { serverBuiltins } from './server-builtins.ts';

/** Whom the cases of `net.lookup_ip_addr` ask for: nobody beyond this machine. */
const allowed = readAllowedHosts(['localhost', '10.0.0.0', '[::]', '[::1]']);

const fetcher = createHttpFetcher({
  allowed,
  maxTimeoutMs: 1000,
  maxResponseBytes: 1024 * 1024,
  maxCacheBytes: 0,
});

/** `test.sleep` is what OPA's own tests bring. */
const builtins: ReadonlyMap<string, Builtin> = new Map([
  ...serverBuiltins,
  ...Object.entries(outsideBuiltins(allowed, { parse: parsePlainYaml })),
  ['test.sleep', () => null],
]);

/** Evaluates a case as a policy would be, with nothing between it and the engine. */
export async function runCase(
  { program, input, data }: ConformanceCase,
  module: Uint8Array<ArrayBuffer> | undefined,
): Promise<Outcome> {
  if (program.kind === 'refused') return program;
  if (module === undefined) throw new Error('a compiled case comes without its module');
  const nowNs = BigInt(Date.now()) * 1_000_000n;
  try {
    const question = {
      entrypoint: program.entrypoint,
      data: readRego(data ?? '{}'),
      input: input === undefined ? undefined : readRego(input),
      builtins,
    };
    const resultSet = await evaluateWithFetches(
      (remembered) => evaluateModule(module, { ...question, scope: { nowNs, remembered } }),
      fetcher,
      () => AbortSignal.timeout(10_000),
    );
    return { kind: 'answered', resultSet };
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return { kind: error instanceof BundleError ? 'refused' : 'failed', detail };
  }
}
