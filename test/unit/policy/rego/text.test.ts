import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { readRego, writeRego } from '../../../../src/policy/rego/text.ts';
import { RegoObject, RegoSet, type RegoValue } from '../../../../src/policy/rego/value.ts';
import { regoValue } from './rego-value.ts';

test('every value is read as it was written', () => {
  fc.assert(
    fc.property(regoValue, (value) => assert.deepEqual(readRego(writeRego(value)), value)),
    { numRuns: 1000 },
  );
});

test('JSON is read as what it is', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      assert.deepEqual(JSON.parse(writeRego(readRego(text))), JSON.parse(unsigned(text)));
    }),
  );
});

/** Rego has no -0. */
function unsigned(text: string): string {
  return JSON.stringify(JSON.parse(text, (_key, value: unknown) => (value === 0 ? 0 : value)));
}

const readings: readonly (readonly [text: string, value: RegoValue])[] = [
  [' [ ] ', []],
  ['set()', RegoSet.of([])],
  ['{2, 1, 2.0}', RegoSet.of([1, 2])],
  ['{}', RegoObject.of([])],
  ['{"a": 1, "a": 2}', RegoObject.of([['a', 2]])],
  [
    '{{1}: [2], null: "x"}',
    RegoObject.of([
      [RegoSet.of([1]), [2]],
      [null, 'x'],
    ]),
  ],
  [String.raw`"\\\"\u00e9\n/"`, '\\"é\n/'],
  [String.raw`"\ud83d"`, '\ufffd'],
  ['[true, false, null]', [true, false, null]],
];

for (const [text, value] of readings) {
  test(`${text} is read`, () => assert.deepEqual(readRego(text), value));
}

const refusals = [
  '',
  '[',
  '[1',
  '[1,]',
  '{1:',
  '{1:2,3}',
  '{1,2:3}',
  '"',
  '"\\"',
  'nul',
  'set(',
  '1 2',
];

for (const text of refusals) {
  test(`${JSON.stringify(text)} is refused`, () => {
    assert.throws(() => readRego(text), SyntaxError);
  });
}

test('what nests without end is refused, not a stack overflow', () => {
  for (const open of ['[', '{', '{[', '{1:']) {
    assert.throws(() => readRego(open.repeat(100_000)), /nests deeper than 1000/);
  }
  let value: RegoValue = [];
  for (let depth = 0; depth < 2000; depth += 1) value = [value];
  assert.throws(() => writeRego(value), /nests deeper than 1000/);
});

test('half a surrogate pair is written as U+FFFD', () => {
  assert.equal(writeRego('a\ud800b'), '"a\ufffdb"');
});

test('a long run of backslashes takes no longer than it is long', () => {
  const text = '\\'.repeat(500_000);
  assert.equal(readRego(writeRego(text)), text);
});
