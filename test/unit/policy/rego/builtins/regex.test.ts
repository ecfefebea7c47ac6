import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BuiltinHalt } from '../../../../../src/policy/rego/builtin.ts';
import { regexBuiltins } from '../../../../../src/policy/rego/builtins/regex/regex.ts';
import type { RegoValue } from '../../../../../src/policy/rego/value.ts';
import { callOf, testAgainstOracle } from './oracle.ts';

testAgainstOracle('regex', regexBuiltins);

test('no pattern and no text can hold an evaluation', () => {
  const text = 'a'.repeat(20_000);
  assert.deepEqual(run('regex.find_n', '(a*)*b', text, -1), []);
  assert.throws(() => run('regex.split', '(?:a{0,1000}b?)+$', text.repeat(10)), BuiltinHalt);
  assert.throws(() => run('regex.replace', text.repeat(5), 'a[^b]*b|a', 'x'), BuiltinHalt);
  assert.equal(run('regex.globs_match', `${'a*b*'.repeat(100)}c`, `${'b*a*'.repeat(100)}d`), false);
  const long = 'ab*'.repeat(700);
  assert.throws(() => run('regex.globs_match', `a*${long}`, `b*${long}`), BuiltinHalt);
});

function run(name: string, ...operands: readonly RegoValue[]): RegoValue | undefined {
  return regexBuiltins[name]?.(callOf(), ...operands);
}
