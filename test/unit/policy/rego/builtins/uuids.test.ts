import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BuiltinCall } from '../../../../../src/policy/rego/builtin.ts';
import { uuidBuiltins } from '../../../../../src/policy/rego/builtins/uuids.ts';
import { callOf, testAgainstOracle } from './oracle.ts';

testAgainstOracle('uuids', uuidBuiltins);

test('uuid.rfc4122 is random, and the same for one name within one evaluation', () => {
  const call = callOf();
  const first = uuid(call, 'a');
  assert.match(first, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.equal(uuid(call, 'a'), first);
  assert.notEqual(uuid(call, 'b'), first);
  assert.notEqual(uuid(callOf(), 'a'), first);
});

function uuid(call: BuiltinCall, name: string): string {
  const answer = uuidBuiltins['uuid.rfc4122']?.(call, name);
  assert.ok(typeof answer === 'string');
  return answer;
}
