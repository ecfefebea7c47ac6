import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { jsonText } from '../../../src/domain/json.ts';
import { parseJson } from '../../../src/policy/parse-json.ts';

function roundTrip(text: string): string | undefined {
  const value = parseJson(text);
  return value === undefined ? undefined : jsonText(value);
}

const exactNumbers = [
  '9007199254740993',
  '-9007199254740993',
  '1000.00000000000000001',
  '12345678901234567890123456789',
  '0.12345678901234567890',
  '1e400',
  '1E-400',
  '[1,9007199254740993]',
  '{"a":9007199254740993}',
];

for (const text of exactNumbers) {
  test(`${text} keeps its value`, () => {
    assert.equal(roundTrip(text), text);
  });
}

test('text that looks like such a number is text', () => {
  const text = '{"a":"x,9007199254740993","1e9":"1e9"}';
  assert.equal(roundTrip(text), text);
});

test('a repeated key has its last value, and only that is evaluated', () => {
  assert.equal(roundTrip('{"a":1,"a":2}'), '{"a":2}');
  assert.equal(roundTrip('{"a":9007199254740993,"a":9007199254740995}'), '{"a":9007199254740995}');
});

test('a key of the prototype is a key', () => {
  assert.equal(roundTrip('{"__proto__":{"a":1}}'), '{"__proto__":{"a":1}}');
});

test('half of a surrogate pair becomes U+FFFD, and what only looks like one stays', () => {
  assert.equal(roundTrip(String.raw`"\ud800"`), '"\ufffd"');
  assert.equal(roundTrip(String.raw`{"\udfff":"\\\udc00"}`), '{"\ufffd":"\\\\\ufffd"}');
  assert.equal(roundTrip(String.raw`"\\ud800"`), String.raw`"\\ud800"`);
  assert.equal(roundTrip(String.raw`"\ud83d\ude00"`), '"😀"');
});

for (const text of ['', ' ', '{', '{"a":1,}', '01', 'NaN', '1 2', "{'a':1}", '\ufeff1', '"\n"']) {
  test(`${JSON.stringify(text)} is no JSON`, () => {
    assert.equal(parseJson(text), undefined);
  });
}

test('whatever is JSON keeps its meaning', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 5 }), (text) => {
      assert.deepEqual(JSON.parse(roundTrip(text) ?? ''), JSON.parse(text));
    }),
  );
});
