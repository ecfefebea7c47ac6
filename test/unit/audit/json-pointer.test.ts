import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { formatPointer, parsePointer, valueAt, without } from '../../../src/audit/json-pointer.ts';
import type { JsonValue } from '../../../src/domain/json.ts';

test('pointers are read as RFC 6901 says', () => {
  const cases: [pointer: string, path: string[] | undefined][] = [
    ['', []],
    ['/', ['']],
    ['/a/b', ['a', 'b']],
    ['/a~1b/~0c', ['a/b', '~c']],
    ['/~01', ['~1']],
    ['/a//0', ['a', '', '0']],
    ['/ü/ ', ['ü', ' ']],
    ['a', undefined],
    ['/~', undefined],
    ['/~2', undefined],
  ];
  for (const [pointer, path] of cases) assert.deepEqual(parsePointer(pointer), path, pointer);
});

test('every path survives being written and read', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' })), (path) => {
      assert.deepEqual(parsePointer(formatPointer(path)), path);
    }),
  );
});

test('removing takes out exactly what the path names and leaves the original as it was', () => {
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
    assert.equal(
      JSON.stringify(without(original, path.slice(0, -1), path.slice(-1))),
      expected,
      formatPointer(path),
    );
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
  for (const path of paths)
    assert.equal(without(value, path.slice(0, -1), path.slice(-1)), value, formatPointer(path));
});

test('several members of one container go at once, whether or not each is there', () => {
  const value: JsonValue = { a: { b: 1, c: 2, d: 3 }, list: [1, 2, 3] };
  assert.equal(
    JSON.stringify(without(value, ['a'], ['b', 'x', 'd'])),
    '{"a":{"c":2},"list":[1,2,3]}',
  );
  assert.equal(
    JSON.stringify(valueAt(without(value, ['list'], ['2', '0', '9']), ['list'])),
    '[null,2,null]',
  );
});

test('what lies beside the path is shared, not copied', () => {
  const value = { a: { b: 1 }, c: { d: 2 } };
  const remaining = without(value, ['a'], ['b']);
  assert.equal(valueAt(remaining, ['c']), value.c);
});
