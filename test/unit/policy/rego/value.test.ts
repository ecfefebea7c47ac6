import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { compare, RegoObject, RegoSet } from '../../../../src/policy/rego/value.ts';
import { regoValue } from './rego-value.ts';

test('values have one order', () => {
  fc.assert(
    fc.property(regoValue, regoValue, regoValue, (a, b, c) => {
      assert.equal(Math.sign(compare(a, b)), -Math.sign(compare(b, a)) + 0);
      if (compare(a, b) <= 0 && compare(b, c) <= 0) assert.ok(compare(a, c) <= 0);
    }),
    { numRuns: 1000 },
  );
});

test('a set has what was put into it, once', () => {
  fc.assert(
    fc.property(fc.array(regoValue), regoValue, (values, other) => {
      const set = RegoSet.of([...values, ...values]);
      assert.ok(values.every((value) => set.has(value)));
      assert.ok(set.values.length <= values.length);
      assert.equal(
        set.has(other),
        values.some((value) => compare(value, other) === 0),
      );
    }),
  );
});

test('an object gives for a key what was last put there', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(regoValue, regoValue)), regoValue, (entries, other) => {
      const object = RegoObject.of(entries);
      for (const key of [other, ...entries.map(([name]) => name)]) {
        const last = entries.findLast(([name]) => compare(name, key) === 0);
        assert.deepEqual(object.get(key), last?.[1]);
      }
    }),
  );
});
