import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { jsonText, type JsonValue } from '../../../../../src/domain/json.ts';
import { type Projection, projectedText } from '../../../../../src/policy/input/projection.ts';
import { readAllowedHosts } from '../../../../../src/policy/rego/builtins/http/allowed-hosts.ts';
import { hostBuiltins } from '../../../../../src/policy/rego/builtins.ts';
import { outsideBuiltins } from '../../../../../src/policy/rego/builtins/http/outside.ts';
import { buildImage, loadImage } from '../../../../../src/policy/wasm/data-image.ts';
import { compilePolicy } from '../../../../../src/policy/wasm/policy-module.ts';
import { PolicyPool } from '../../../../../src/policy/wasm/policy-pool.ts';
import { parsePlainYaml } from '../../../../../src/config/yaml/plain-yaml.ts';
import { readModule } from '../fixture-modules.ts';

const root = join(import.meta.dirname, '../../../../..');
const paths = globSync(['bundles/*.gz', 'test/fixtures/bundles/*.gz'], { cwd: root }).toSorted();

/** Values that the policies ask for, so that not every answer is no. */
const word = fc.constantFrom(
  ...'x user service name GET POST orders billing shop shop.example a b id 1'.split(' '),
);

const strange = fc.constantFrom('__proto__', 'toString', '', '\ud800', '\ufffd', 'extra');

const { value: anything } = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.oneof(word, fc.constantFrom(true, false, null, 0, 1, 1000, '10')),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.oneof(word, strange), tie('value'), { maxKeys: 4 }),
  ),
}));

/** Documents that have, more or less, what is read, and what is not. */
function documentsFor(projection: Projection): fc.Arbitrary<JsonValue> {
  if (projection === 'whole') return anything;
  const members = Array.from(projection, ([key, part]) =>
    fc.option(fc.tuple(fc.constant(key), documentsFor(part)), { freq: 6, nil: undefined }),
  );
  const extra = fc.array(fc.tuple(fc.oneof(word, strange), anything), { maxLength: 3 });
  const object = fc
    .tuple(extra, fc.tuple(...members))
    .map(([others, read]) =>
      Object.fromEntries([...others, ...read.filter((member) => member !== undefined)]),
    );
  return fc.oneof({ weight: 12, arbitrary: object }, { weight: 1, arbitrary: anything });
}

const builtins = new Map([
  ...hostBuiltins,
  ...Object.entries(outsideBuiltins(readAllowedHosts(['shop.example']), { parse: parsePlainYaml })),
  ['rego.parse_module', () => null] as const,
]);

for (const path of paths) {
  const { wasm, data } = await readModule(path);
  const module = compilePolicy(wasm, builtins);
  const pool = new PolicyPool(
    module,
    loadImage(module, buildImage(module, Buffer.from(jsonText(data)))),
  );
  const scope = { nowNs: 0n, remembered: new Map() };
  for (const [name, entrypoint] of module.entrypoints) {
    const projection = module.projections.get(name) ?? 'whole';
    const write = projectedText(projection);
    const answerTo = (input: string): unknown => {
      try {
        const { json } = pool.evaluate({ entrypoint, input, scope, fuel: 1_000_000 });
        return JSON.parse(json) as unknown;
      } catch (error) {
        return String(error);
      }
    };
    test(`${path} gives one answer for ${name}, whether or not it sees what it does not read`, () => {
      fc.assert(
        fc.property(documentsFor(projection), (document) => {
          assert.deepEqual(answerTo(write(document)), answerTo(jsonText(document)));
        }),
        { numRuns: 200 },
      );
    });
  }
}
