import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostBuiltins } from '../../../../src/policy/rego/builtins.ts';
import { writeRego } from '../../../../src/policy/rego/text.ts';
import { callOf } from './builtins/oracle.ts';

const call = callOf();

test('a builtin is found by its name in Rego', () => {
  assert.equal(hostBuiltins.get('sprintf')?.(call, '%v-%d', ['a', 1]), 'a-1');
  assert.equal(hostBuiltins.get('toString'), undefined);
});

test('a policy learns nothing of the environment', () => {
  const runtime = hostBuiltins.get('opa.runtime')?.(call);
  assert.equal(runtime && writeRego(runtime), '{}');
});
