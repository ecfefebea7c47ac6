import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import * as opaWasm from '@open-policy-agent/opa-wasm';
import * as fc from 'fast-check';
import {
  isJsonObject,
  type JsonObject,
  jsonText,
  type JsonValue,
} from '../../../../src/domain/json.ts';
import { mostFuel } from '../../../../src/policy/wasm/fuel.ts';
import { buildImage, loadImage } from '../../../../src/policy/wasm/data-image.ts';
import { compilePolicy, type PolicyModule } from '../../../../src/policy/wasm/policy-module.ts';
import { PolicyPool } from '../../../../src/policy/wasm/policy-pool.ts';
import { readModule } from './fixture-modules.ts';

interface Oracle {
  setData(data: unknown): void;
  evaluate(input: unknown, entrypoint: number): unknown;
}

interface OpaWasm {
  loadPolicySync(module: object, memory: { initial: number }): Oracle;
}

const library = (opaWasm as unknown as { default: OpaWasm }).default;

/** The names that the policies read, so that not every input is foreign to them. */
const name = fc.constantFrom(
  ...'request method path parsed_query attributes http headers caller spiffe GET orders 10'.split(
    ' ',
  ),
);

const { value: input } = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'medium' },
    fc.oneof(name, fc.string({ unit: 'binary' })),
    fc.oneof(fc.integer(), fc.boolean(), fc.double({ noNaN: true, noDefaultInfinity: true })),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.oneof(name, fc.string()), tie('value'), { maxKeys: 6 }),
  ),
}));

/** What the module evaluates to, or that it fails. */
function outcomeOf(evaluate: () => unknown): unknown {
  try {
    return evaluate();
  } catch {
    return 'failed';
  }
}

const root = join(import.meta.dirname, '../../../..');
const paths = globSync(['bundles/*.gz', 'test/fixtures/bundles/*.gz'], { cwd: root }).toSorted();

/** The bundle's module, unless it needs builtins: those differ, which is why we have our own host. */
function compileAlone(wasm: Uint8Array): PolicyModule | undefined {
  try {
    return compilePolicy(wasm, new Map());
  } catch {
    return undefined;
  }
}

function compareHosts(module: PolicyModule, wasm: Uint8Array<ArrayBuffer>, data: JsonObject): void {
  const pool = new PolicyPool(
    module,
    loadImage(module, buildImage(module, Buffer.from(jsonText(data)))),
  );
  const oracle = library.loadPolicySync(new WebAssembly.Module(wasm), { initial: 32 });
  oracle.setData(data);
  const scope = { nowNs: 0n, remembered: new Map() };
  fc.assert(
    fc.property(input, (value) => {
      // The oracle takes 0, false and "" for no input.
      const text = jsonText({ request: value, ...(isJsonObject(value) && value) });
      const ours = outcomeOf(() => {
        const { json } = pool.evaluate({ entrypoint: 0, input: text, scope, fuel: mostFuel });
        return JSON.parse(json) as unknown;
      });
      assert.deepEqual(
        ours,
        outcomeOf(() => oracle.evaluate(JSON.parse(text), 0)),
      );
    }),
    { numRuns: 300 },
  );
}

test('the committed bundles answer as they do on the npm host', async () => {
  let compared = 0;
  for (const path of paths) {
    const { wasm, data } = await readModule(path);
    const module = compileAlone(wasm);
    if (module === undefined) continue;
    compareHosts(module, wasm, data);
    compared += 1;
  }
  assert.ok(compared >= 5);
});
