import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatPointer } from '../../../src/audit/json-pointer.ts';
import { memberOf } from '../../../src/audit/members.ts';
import { placeAt, recordPlace, withoutSecret } from '../../../src/audit/secret-place.ts';
import type { JsonValue } from '../../../src/domain/json.ts';

function without(value: JsonValue, ...paths: readonly (readonly string[])[]) {
  const record = recordPlace();
  for (const path of paths) placeAt(record, path).isSecret = true;
  const erased: string[] = [];
  return { rest: withoutSecret(value, record, erased), erased };
}

test('what goes is exactly what the path names, and the original is as it was', () => {
  const original = JSON.parse(
    '{"a":{"b":[1,{"c":2,"d":3}],"__proto__":{"x":1}},"e":null,"constructor":5}',
  ) as JsonValue;
  const before = JSON.stringify(original);
  const cases: [path: string[], expected: string][] = [
    [['e'], '{"a":{"b":[1,{"c":2,"d":3}],"__proto__":{"x":1}},"constructor":5}'],
    [['a', 'b', '1', 'c'], '{"a":{"b":[1,{"d":3}],"__proto__":{"x":1}},"e":null,"constructor":5}'],
    [
      ['a', 'b', '0'],
      '{"a":{"b":[null,{"c":2,"d":3}],"__proto__":{"x":1}},"e":null,"constructor":5}',
    ],
    [
      ['a', '__proto__', 'x'],
      '{"a":{"b":[1,{"c":2,"d":3}],"__proto__":{}},"e":null,"constructor":5}',
    ],
    [['a', '__proto__'], '{"a":{"b":[1,{"c":2,"d":3}]},"e":null,"constructor":5}'],
    [['a', 'b'], '{"a":{"__proto__":{"x":1}},"e":null,"constructor":5}'],
    [['constructor'], '{"a":{"b":[1,{"c":2,"d":3}],"__proto__":{"x":1}},"e":null}'],
  ];
  for (const [path, expected] of cases) {
    const { rest, erased } = without(original, path);
    assert.equal(JSON.stringify(rest), expected, formatPointer(path));
    assert.deepEqual(erased, [formatPointer(path)]);
  }
  assert.equal(JSON.stringify(original), before);
});

test('a path that names nothing gives back the very same value', () => {
  const value: JsonValue = { a: [1, { b: 2 }], c: 'text' };
  const paths = [
    ['x'],
    ['a', '2'],
    ['a', '01'],
    ['a', '-'],
    ['a', 'length'],
    ['a', '1', 'x'],
    ['c', '0'],
    ['c', 'length'],
    ['toString'],
    ['a', 'map'],
    ['__proto__'],
  ];
  const { rest, erased } = without(value, ...paths);
  assert.equal(rest, value);
  assert.deepEqual(erased, []);
});

test('several members of one container go, whether or not each is there', () => {
  const value: JsonValue = { a: { b: 1, c: 2, d: 3 }, list: [1, 2, 3] };
  const paths = [
    ['a', 'b'],
    ['a', 'x'],
    ['a', 'd'],
    ['list', '2'],
    ['list', '0'],
    ['list', '9'],
  ];
  const { rest, erased } = without(value, ...paths);
  assert.equal(JSON.stringify(rest), '{"a":{"c":2},"list":[null,2,null]}');
  assert.deepEqual(erased, ['/a/b', '/a/d', '/list/2', '/list/0']);
});

test('of a place and one inside it the larger goes, in whichever order they are named', () => {
  const outer = ['a', 'b'];
  const inner = ['a', 'b', 'c'];
  for (const paths of [
    [outer, inner],
    [inner, outer],
  ]) {
    const { rest, erased } = without({ a: { b: { c: 1, d: 2 } } }, ...paths);
    assert.equal(JSON.stringify(rest), '{"a":{}}');
    assert.deepEqual(erased, ['/a/b']);
  }
});

test('what lies beside the path is shared, not copied', () => {
  const value = { a: { b: 1 }, c: { d: 2 } };
  const { rest } = without(value, ['a', 'b']);
  assert.equal(memberOf(rest, 'c'), value.c);
});
