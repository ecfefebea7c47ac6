import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jsonOfStruct, type Struct } from '../../../src/server/struct.ts';

test('a struct becomes the JSON that it stands for', () => {
  const struct: Struct = {
    fields: {
      empty: { stringValue: '' },
      zero: { numberValue: 0 },
      no: { boolValue: false },
      nothing: { nullValue: 0 },
      list: { listValue: { values: [{ numberValue: 1 }, { listValue: {} }] } },
      inner: { structValue: { fields: { deep: { stringValue: 'x' } } } },
      hollow: { structValue: {} },
    },
  };
  assert.deepEqual(jsonOfStruct(struct), {
    empty: '',
    zero: 0,
    no: false,
    nothing: null,
    list: [1, []],
    inner: { deep: 'x' },
    hollow: {},
  });
  assert.deepEqual(jsonOfStruct({}), {});
});
