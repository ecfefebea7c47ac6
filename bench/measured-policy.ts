import { readFile } from 'node:fs/promises';
import type { JsonObject, JsonValue } from '../src/domain/json.ts';
import { readSnapshot } from '../src/policy/bundles/contents/read-bundle.ts';
import { joinData } from '../src/policy/join-data.ts';
import { projectedText } from '../src/policy/input/projection.ts';
import { hostBuiltins } from '../src/policy/rego/builtins.ts';
import { buildImage, loadImage } from '../src/policy/wasm/data-image.ts';
import { compilePolicy } from '../src/policy/wasm/policy-module.ts';
import { PolicyPool } from '../src/policy/wasm/policy-pool.ts';
import { CannotMeasure } from './cannot-measure.ts';

/** Committed bundles: the example reads a few fields of its input, the other one counts them all. */
export const policies = {
  example: { bundle: '../bundles/example.tar.gz', decision: 'envoy/authz/allow' },
  wholeInput: {
    bundle: '../test/fixtures/bundles/reads.tar.gz',
    decision: 'envoy/authz/counted',
  },
} as const;

export interface MeasuredPolicy {
  readonly wasm: Uint8Array<ArrayBuffer>;
  readonly data: JsonObject;
  readonly entrypoint: number;
  /** From object to object, as the engine does it. */
  evaluate(input: JsonValue): unknown;
  wasmBytes(): number;
}

export async function loadMeasuredPolicy(name: keyof typeof policies): Promise<MeasuredPolicy> {
  const { bundle, decision } = policies[name];
  const { modules, data } = await readSnapshot(await readFile(new URL(bundle, import.meta.url)));
  const wasm = modules.get(decision);
  if (wasm === undefined) throw new CannotMeasure(`${bundle} has no module for ${decision}`);
  const module = compilePolicy(wasm, hostBuiltins);
  const entrypoint = module.entrypoints.get(decision) ?? 0;
  const json = joinData(data);
  const instance = loadImage(module, buildImage(module, json));
  const pool = new PolicyPool(module, instance);
  const textFor = projectedText(module.projections.get(decision) ?? 'whole');
  const scope = { nowNs: 0n, remembered: new Map() };
  return {
    wasm,
    data: JSON.parse(Buffer.from(json).toString()) as JsonObject,
    entrypoint,
    evaluate: (input) => {
      const evaluation = { entrypoint, input: textFor(input), scope, fuel: 3_000_000 };
      return JSON.parse(pool.evaluate(evaluation).json) as unknown;
    },
    wasmBytes: () => instance.memory.bytes.length,
  };
}
