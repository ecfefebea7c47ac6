import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonValue } from '../../../../src/domain/json.ts';
import { parseJson } from '../../../../src/policy/parse-json.ts';
import { type Projection, projectedText } from '../../../../src/policy/input/projection.ts';

const paths: Projection = new Map<string, Projection>([
  [
    'a',
    new Map<string, Projection>([
      ['b', 'whole'],
      ['c', new Map()],
    ]),
  ],
  ['__proto__', 'whole'],
]);

const rows: readonly (readonly [document: string, text: string, title: string])[] = [
  ['{"a":{"b":{"x":1},"d":2},"e":3}', '{"a":{"b":{"x":1}}}', 'what is read stays, whole'],
  [
    '{"a":{"b":1,"c":{"x":1}}}',
    '{"a":{"b":1,"c":{}}}',
    'an object that is only looked for is empty',
  ],
  ['{"a":{"c":"x"}}', '{"a":{"c":"x"}}', 'a scalar that is only looked for stays'],
  ['{"a":{}}', '{"a":{}}', 'an empty object on the path is there'],
  ['{"e":3}', '{}', 'what is not there is not there'],
  ['{"a":null}', '{"a":null}', 'a path through null ends there'],
  ['{"a":[{"b":1}]}', '{"a":[{"b":1}]}', 'a path through a list keeps the list'],
  ['{"a":"b"}', '{"a":"b"}', 'a path through text keeps the text'],
  ['{"a":{"b":null,"c":[]}}', '{"a":{"b":null,"c":[]}}', 'null and an empty list stay'],
  ['{"a":1e400}', '{"a":1e400}', 'a path through a number keeps all of its digits'],
  ['{"a":{"b":9007199254740993}}', '{"a":{"b":9007199254740993}}', 'a number keeps its digits'],
  ['{"__proto__":{"a":1}}', '{"__proto__":{"a":1}}', 'a key of the prototype is a key'],
  ['[{"a":1}]', '[{"a":1}]', 'a document that is no object is whole'],
  [String.raw`{"a":{"b":"\ud800"}}`, '{"a":{"b":"\ufffd"}}', 'half a surrogate pair is U+FFFD'],
];

for (const [document, text, title] of rows) {
  test(title, () => {
    const value: JsonValue | undefined = parseJson(document);
    assert.ok(value !== undefined);
    assert.equal(projectedText(paths)(value), text);
  });
}

test('nobody inherits members', () => {
  const all = projectedText(new Map([['toString', 'whole']]));
  assert.equal(all({}), '{}');
});

test('a member without a value is not there', () => {
  const document = { a: undefined } as unknown as JsonValue;
  assert.equal(projectedText(paths)(document), '{}');
});
