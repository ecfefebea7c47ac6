import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { RegoValue } from '../../../../src/policy/rego/value.ts';
import { evaluateModule } from '../../../../src/policy/wasm/evaluate-module.ts';
import { RegoObject, RegoSet } from '../../../../src/policy/rego/value.ts';
import { regoValue } from '../rego/rego-value.ts';
import { readModule } from './fixture-modules.ts';

const { wasm } = await readModule('test/fixtures/bundles/calls-builtin.tar.gz');

/** What `output := crypto.sha256(input)` is, when that builtin is this one. */
function outputOf(input: RegoValue, builtin: (operand: RegoValue) => RegoValue): RegoValue {
  return evaluateModule(wasm, {
    data: RegoObject.of([]),
    input,
    entrypoint: 'envoy/authz/allow',
    builtins: new Map([['crypto.sha256', (_call, operand = null) => builtin(operand)]]),
    scope: { nowNs: 0n, remembered: new Map() },
  });
}

test('any value passes to a builtin and back, as it is', () => {
  fc.assert(
    fc.property(regoValue, (value) => {
      const seen: RegoValue[] = [];
      const output = outputOf(value, (operand) => {
        seen.push(operand);
        return operand;
      });
      assert.deepEqual(seen, [value]);
      assert.deepEqual(output, RegoSet.of([RegoObject.of([['result', [value]]])]));
    }),
    { numRuns: 200 },
  );
});

test('a builtin that answers what is no value ends the evaluation', () => {
  assert.throws(() => outputOf(1, () => NaN), /NaN is not a number of Rego/);
});
