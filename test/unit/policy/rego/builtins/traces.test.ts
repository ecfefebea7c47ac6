import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BuiltinError } from '../../../../../src/policy/rego/builtin.ts';
import { traceBuiltins } from '../../../../../src/policy/rego/builtins/traces.ts';
import { callOf } from './oracle.ts';

test('trace and print answer true and say nothing', () => {
  assert.equal(traceBuiltins['trace']?.(callOf(), 'a note'), true);
  assert.equal(traceBuiltins['internal.print']?.(callOf(), [['a']]), true);
  assert.throws(() => traceBuiltins['trace']?.(callOf(), 1), BuiltinError);
});
