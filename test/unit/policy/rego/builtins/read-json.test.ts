import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BuiltinError } from '../../../../../src/policy/rego/builtin.ts';
import { jsonText } from '../../../../../src/policy/rego/builtins/json-text.ts';
import { readJson } from '../../../../../src/policy/rego/builtins/read-json.ts';
import { Decimal } from '../../../../../src/policy/rego/value.ts';

const numbers: readonly [text: string, number: unknown][] = [
  ['-0', 0],
  ['1.0', new Decimal('1.0')],
  ['1e2', new Decimal('1e2')],
  ['0.1', 0.1],
  ['9007199254740993', 9_007_199_254_740_993n],
  ['0.1234567890123456789', new Decimal('0.1234567890123456789')],
];

for (const [text, number] of numbers) {
  test(`${text} is read with all its digits`, () => {
    assert.deepEqual(readJson(text), number);
  });
}

test('of two equal keys the last stands, and a key is only a key', () => {
  const document = readJson('{"b":[9007199254740993],"a":1,"a":{"__proto__":"\\ud800"}}');
  assert.equal(jsonText(document), '{"a":{"__proto__":"\ufffd"},"b":[9007199254740993]}');
});

for (const text of ['', '{', '{"a":1}x', "{'a':1}", '01', '[1,]', '['.repeat(100_000)]) {
  test(`${JSON.stringify(text.slice(0, 10))} is no JSON`, () => {
    assert.throws(() => readJson(text), BuiltinError);
  });
}
