import { readFile } from 'node:fs/promises';
import * as opaWasm from '@open-policy-agent/opa-wasm';
import type { JsonObject } from '../src/domain/json.ts';
import { readSnapshot } from '../src/policy/bundles/read-bundle.ts';
import { joinData } from '../src/policy/join-data.ts';
import { jsonText } from '../src/policy/json-text.ts';
import { hostBuiltins } from '../src/policy/rego/builtins.ts';
import { loadPolicy } from '../src/policy/wasm/load-policy.ts';
import { CannotMeasure } from './cannot-measure.ts';
import type { Operation } from './operations.ts';

/** Headers that an input has, by what its text is in bytes. */
const headerCounts = { '0.1 KB': 0, '2.4 KB': 38, '64 KB': 1070 } as const;

/** The example's policy on inputs from object to object: our host and the npm package, in turn. */
export async function evaluations(): Promise<Operation[]> {
  const bundle = new URL('../bundles/example.tar.gz', import.meta.url);
  const { modules, data } = await readSnapshot(await readFile(bundle));
  const [wasm] = modules.values();
  if (wasm === undefined) throw new CannotMeasure('the example has no module');
  const pool = loadPolicy({ wasm, data }, hostBuiltins);
  const scope = { nowNs: 0n, remembered: new Map() };
  return Object.entries(headerCounts).flatMap(([size, headers]) => {
    const input = inputWith(headers);
    const npm = npmHost(wasm, JSON.parse(Buffer.from(joinData(data)).toString()) as JsonObject);
    return [
      {
        name: `evaluation of ${size}`,
        run: () => {
          const evaluation = { entrypoint: 0, input: jsonText(input), scope, fuel: 3_000_000 };
          return JSON.parse(pool.evaluate(evaluation).json) as unknown;
        },
      },
      { name: `evaluation of ${size}, npm host`, run: () => npm.evaluate(input, 0) },
    ];
  });
}

function inputWith(count: number): JsonObject {
  const headers = Object.fromEntries(
    Array.from({ length: count }, (_, at) => [
      `x-header-${at}`,
      `the value of a header, ${at}, in full`,
    ]),
  );
  const caller = { principal: 'spiffe://shop.example/ns/shop/sa/web', source: 'xfcc' };
  const request = { method: 'GET', path: '/orders', segments: ['orders'] };
  return { attributes: { request: { http: { headers } } }, caller, request };
}

interface NpmPolicy {
  setData(data: unknown): void;
  evaluate(input: unknown, entrypoint: number): unknown;
}

interface NpmHost {
  loadPolicySync(module: object, memory: { initial: number }): NpmPolicy;
}

function npmHost(wasm: Uint8Array<ArrayBuffer>, data: JsonObject): NpmPolicy {
  // Its types say otherwise, but what it exports hangs on the default.
  const { default: host } = opaWasm as unknown as { readonly default: NpmHost };
  const policy = host.loadPolicySync(new WebAssembly.Module(wasm), { initial: 32 });
  policy.setData(data);
  return policy;
}
