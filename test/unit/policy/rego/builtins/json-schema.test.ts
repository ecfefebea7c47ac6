import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jsonSchemaBuiltins } from '../../../../../src/policy/rego/builtins/json-schema/json-schema.ts';
import { answer, testAgainstOracle } from './oracle.ts';

testAgainstOracle('json-schema', jsonSchemaBuiltins);

test('a reference to another document is refused, never fetched', () => {
  const operands = ['{"$ref":"http://127.0.0.1:1/schema.json"}'];
  const verified = answer(jsonSchemaBuiltins, {
    builtin: 'json.verify_schema',
    operands,
    nowNs: 0n,
  });
  assert.deepEqual(verified, [false, 'jsonschema: remote reference loading disabled']);
});

test('a schema that is nothing but itself is an error of the policy, not of the server', () => {
  const operands = ['{}', '{"$ref":"#"}'];
  const matched = answer(jsonSchemaBuiltins, { builtin: 'json.match_schema', operands, nowNs: 0n });
  assert.equal(matched, undefined);
});
