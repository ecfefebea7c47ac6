import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isJsonObject } from '../../../src/domain/json.ts';

test('a number that kept its text is no object', () => {
  assert.equal(isJsonObject(JSON.rawJSON('1000.00000000000000001')), false);
  assert.equal(isJsonObject({ a: 1 }), true);
  for (const value of [null, undefined, [], 'a', 1]) assert.equal(isJsonObject(value), false);
});
