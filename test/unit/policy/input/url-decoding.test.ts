import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseQuery, unescapePath } from '../../../../src/policy/input/url-decoding.ts';

const paths: readonly (readonly [path: string, unescaped: string | undefined])[] = [
  ['/a/b', '/a/b'],
  ['/a+b', '/a+b'],
  ['/%61%2Fb%2fc', '/a/b/c'],
  ['/%C3%BC', '/ü'],
  ['/ü%20ü', '/ü ü'],
  ['/%25', '/%'],
  ['/%2541', '/%41'],
  ['/%00', '/\0'],
  ['/%ff%61', '/\ufffda'],
  ['/%', undefined],
  ['/%4', undefined],
  ['/%zz', undefined],
  ['/%4%41', undefined],
];

for (const [path, unescaped] of paths) {
  test(`the path ${path} is ${JSON.stringify(unescaped)}`, () => {
    assert.equal(unescapePath(path), unescaped);
  });
}

type Values = Record<string, string[]>;

const queries: readonly (readonly [query: string, values: Values | undefined])[] = [
  ['', {}],
  ['&&', {}],
  ['a=1', { a: ['1'] }],
  ['a=2&b=3&a=1', { a: ['2', '1'], b: ['3'] }],
  ['a', { a: [''] }],
  ['a=', { a: [''] }],
  ['=1', { '': ['1'] }],
  ['a=1=2', { a: ['1=2'] }],
  ['a+b=c+d', { 'a b': ['c d'] }],
  ['a=%2B%26%3D', { a: ['+&='] }],
  ['%61=1&a=2', { a: ['1', '2'] }],
  ['a[]=1', { 'a[]': ['1'] }],
  ['a=%ff', { a: ['\ufffd'] }],
  ['__proto__=1&constructor=2', { ['__proto__']: ['1'], constructor: ['2'] }],
  ['a=1;b=2', undefined],
  [';', undefined],
  ['a=%3B', { a: [';'] }],
  ['a=%', undefined],
  ['%g1=1', undefined],
  ['a=1&b=%2', undefined],
];

for (const [query, values] of queries) {
  test(`the query ${query} is ${JSON.stringify(values)}`, () => {
    const parsed = parseQuery(query);
    assert.equal(JSON.stringify(parsed), JSON.stringify(values));
  });
}

test('a key of the prototype is a key, and changes no prototype', () => {
  const parsed = parseQuery('__proto__=1');
  assert.ok(parsed && Object.hasOwn(parsed, '__proto__'));
  assert.ok(!('valueOf' in parsed));
});
