import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { HeaderMapEntry } from '../../../src/domain/request/attributes.ts';
import { readHeaders } from '../../../src/envoy/request-headers.ts';
import { sanitiseUtf8 } from '../../../src/envoy/sanitise-utf8.ts';
import { mapOf } from './attributes-of.ts';
import { headers } from './envoy-request.ts';

function raw(...fields: readonly [key: string, value: string | Uint8Array][]): {
  headerMap: { headers: HeaderMapEntry[] };
} {
  const entries = fields.map(([key, value]) => ({ key, rawValue: Buffer.from(value) }));
  return { headerMap: { headers: entries } };
}

test('headers read alike in both forms', () => {
  const joined = mapOf(headers) as Record<string, string>;
  assert.deepEqual(readHeaders({ headers: joined }), mapOf(headers));
  assert.deepEqual(readHeaders(raw(...Object.entries(headers))), mapOf(headers));
});

test('no headers are an empty map', () => {
  assert.deepEqual(readHeaders({}), mapOf({}));
  assert.deepEqual(readHeaders({ headerMap: {} }), mapOf({}));
});

test('repeated fields are joined with a comma, pieces of a cookie with a semicolon', () => {
  const read = readHeaders(
    raw(['x-role', 'user'], ['cookie', 'a=1'], ['X-Role', 'admin'], ['Cookie', 'b=2']),
  );
  assert.deepEqual({ ...read }, { 'x-role': 'user,admin', cookie: 'a=1; b=2' });
});

test('names are lower-case, whoever sent them', () => {
  const sent = mapOf({ 'X-Role': 'admin', 'x-role': 'user' }) as Record<string, string>;
  assert.deepEqual({ ...readHeaders({ headers: sent }) }, { 'x-role': 'admin,user' });
});

test('both forms are read where they say the same', () => {
  const joined = mapOf({ 'X-A': 'a,b', cookie: 'c=1; d=2' }) as Record<string, string>;
  const entries = raw(['x-a', 'a'], ['x-a', 'b'], ['Cookie', 'c=1'], ['cookie', 'd=2']);
  assert.deepEqual(
    { ...readHeaders({ headers: joined, ...entries }) },
    {
      'x-a': 'a,b',
      cookie: 'c=1; d=2',
    },
  );
});

test('both forms are not read where they differ', () => {
  const joined = mapOf({ 'x-a': 'a', 'x-b': 'b' }) as Record<string, string>;
  for (const entries of [
    raw(['x-a', 'a']),
    raw(['x-a', 'a'], ['x-b', 'b'], ['x-c', 'c']),
    raw(['x-a', 'a'], ['x-b', 'c']),
    raw(['x-a', 'a'], ['x-b', 'b'], ['x-b', 'b']),
    { headerMap: { headers: [] } },
  ]) {
    assert.equal(readHeaders({ headers: joined, ...entries }), undefined);
  }
});

test('an entry has its raw value, else its value, else an empty one, and not two', () => {
  const same = { key: 'a', value: 'v', rawValue: Buffer.from('v') };
  const entries = [same, { key: 'b', value: 'v' }, { key: 'c' }];
  const read = readHeaders({ headerMap: { headers: entries } });
  assert.deepEqual({ ...read }, { a: 'v', b: 'v', c: '' });
  const two = { ...same, rawValue: Buffer.from('r') };
  assert.equal(readHeaders({ headerMap: { headers: [two] } }), undefined);
});

test('names that every object has are headers and nothing else', () => {
  const read = readHeaders(raw(['__proto__', 'a'], ['constructor', 'b'], ['__proto__', 'c']));
  assert.ok(read !== undefined && !('valueOf' in read));
  assert.deepEqual(Object.entries(read), [
    ['__proto__', 'a,c'],
    ['constructor', 'b'],
  ]);
});

const bytes: readonly [hex: string, text: string][] = [
  ['61', 'a'],
  ['c3a9', 'é'],
  ['f09f9880', '😀'],
  ['61ff62', 'a!b'],
  ['ff', '!'],
  ['c3', '!'],
  ['c328', '!('],
  ['e282', '!!'],
  ['e28261', '!!a'],
  ['c0af', '!!'],
  ['eda080', '!!!'],
  ['f4908080', '!!!!'],
  ['80c3a9bf', '!é!'],
];

for (const [hex, text] of bytes) {
  test(`the bytes ${hex} read ${text}`, () => {
    assert.equal(sanitiseUtf8(Buffer.from(hex, 'hex')), text);
  });
}

test('whatever the bytes are, what is read is as long as what was valid', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (array) => {
      const text = sanitiseUtf8(array);
      assert.equal(Buffer.byteLength(text), array.length);
      assert.ok(!text.includes('\ufffd') || Buffer.from(array).includes('\ufffd'));
    }),
  );
});
