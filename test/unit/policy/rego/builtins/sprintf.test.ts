import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BuiltinHalt } from '../../../../../src/policy/rego/builtin.ts';
import { sprintfBuiltins } from '../../../../../src/policy/rego/builtins/go/sprintf.ts';
import { callOf, testAgainstOracle } from './oracle.ts';

testAgainstOracle('sprintf', sprintfBuiltins);

test('a format that asks for more padding than anyone reads ends the evaluation', () => {
  const format = '%999999d'.repeat(10);
  const values = Array.from({ length: 10 }, () => 1);
  assert.throws(() => sprintfBuiltins['sprintf']?.(callOf(), format, values), BuiltinHalt);
});
