import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { formatPointer, parsePointer } from '../../../src/audit/json-pointer.ts';

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
