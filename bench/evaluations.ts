import * as opaWasm from '@open-policy-agent/opa-wasm';
import type { JsonObject } from '../src/domain/json.ts';
import { loadMeasuredPolicy, type MeasuredPolicy } from './measured-policy.ts';
import type { Operation } from './operations.ts';

/** Headers that an input has, by what its text is in bytes. */
const headerCounts = { '0.2 KB': 0, '2.4 KB': 42, '64 KB': 1240 } as const;

/** The inputs that are evaluated, by their size. */
export const inputs: readonly (readonly [size: string, input: JsonObject])[] = Object.entries(
  headerCounts,
).map(([size, headers]) => [size, inputWith(headers)]);

/** Evaluations from object to object, of a policy that reads little and of one that reads all. */
export async function evaluations(): Promise<Operation[]> {
  const [example, wholeInput] = [
    await loadMeasuredPolicy('example'),
    await loadMeasuredPolicy('wholeInput'),
  ];
  return [...besideNpm('', example), ...besideNpm(', all of it read', wholeInput)];
}

function besideNpm(reads: string, policy: MeasuredPolicy): Operation[] {
  return inputs.flatMap(([size, input]) => {
    const npm = npmHost(policy);
    const name = `evaluation of ${size}${reads}`;
    return [
      { name, run: () => policy.evaluate(input) },
      { name: `${name}, npm host`, run: () => npm.evaluate(input, policy.entrypoint) },
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
  const caller = {
    principal: 'spiffe://shop.example/ns/shop/sa/web',
    source: 'xfcc',
    spiffe: { trustDomain: 'shop.example', namespace: 'shop', serviceAccount: 'web' },
  };
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

function npmHost({ wasm, data }: MeasuredPolicy): NpmPolicy {
  // Its types say otherwise, but what it exports hangs on the default.
  const { default: host } = opaWasm as unknown as { readonly default: NpmHost };
  const policy = host.loadPolicySync(new WebAssembly.Module(wasm), { initial: 32 });
  policy.setData(data);
  return policy;
}
