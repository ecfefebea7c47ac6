import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from '../../../../src/domain/json.ts';
import type { BundleFiles } from '../../../../src/policy/bundles/contents/bundle-files.ts';
import { applyPatch, isDelta, readPatch } from '../../../../src/policy/bundles/contents/patch.ts';
import { parseRoot } from '../../../../src/policy/bundles/contents/roots.ts';

function filesOf(files: Readonly<Record<string, string>>): BundleFiles {
  return new Map(Object.entries(files).map(([path, text]) => [path, Buffer.from(text)]));
}

function patched(data: JsonObject, operations: readonly JsonObject[], root = ''): unknown {
  const files = filesOf({ 'patch.json': JSON.stringify({ data: operations }) });
  return JSON.parse(JSON.stringify(applyPatch(data, readPatch(files, [parseRoot(root)]))));
}

const changes: readonly (readonly [
  name: string,
  before: JsonObject,
  operation: JsonObject,
  after: JsonObject,
])[] = [
  ['an upsert adds', { a: 1 }, { op: 'upsert', path: '/b', value: 2 }, { a: 1, b: 2 }],
  ['an upsert replaces', { a: 1 }, { op: 'upsert', path: 'a', value: 2 }, { a: 2 }],
  [
    'an upsert makes its way',
    {},
    { op: 'upsert', path: '/a/b/c', value: 1 },
    { a: { b: { c: 1 } } },
  ],
  [
    'a replace replaces',
    { a: { b: 1 } },
    { op: 'replace', path: '/a/b', value: [] },
    { a: { b: [] } },
  ],
  ['a remove removes', { a: { b: 1, c: 2 } }, { op: 'remove', path: '/a/b' }, { a: { c: 2 } }],
  [
    'an upsert inserts into a list',
    { a: [1, 3] },
    { op: 'upsert', path: '/a/1', value: 2 },
    { a: [1, 2, 3] },
  ],
  [
    'an upsert appends to a list',
    { a: [1] },
    { op: 'upsert', path: '/a/-', value: 2 },
    { a: [1, 2] },
  ],
  [
    'a replace sets an item',
    { a: [1, 2] },
    { op: 'replace', path: '/a/0', value: 3 },
    { a: [3, 2] },
  ],
  ['a remove shortens a list', { a: [1, 2] }, { op: 'remove', path: '/a/0' }, { a: [2] }],
  [
    'an upsert reaches into an item',
    { a: [{}] },
    { op: 'upsert', path: '/a/0/b', value: 1 },
    { a: [{ b: 1 }] },
  ],
  ['escapes are undone', {}, { op: 'upsert', path: '/a~1b%20~01', value: 1 }, { 'a/b ~1': 1 }],
  ['null is a value', { a: 1 }, { op: 'replace', path: '/a', value: null }, { a: null }],
];

for (const [name, before, operation, after] of changes) {
  test(`${name}, and the data before it stays`, () => {
    const copy = structuredClone(before);
    assert.deepEqual(patched(before, [operation]), after);
    assert.deepEqual(before, copy);
  });
}

test('operations are applied in their order', () => {
  const operations = [
    { op: 'upsert', path: '/a', value: {} },
    { op: 'upsert', path: '/a/b', value: 1 },
    { op: 'remove', path: '/c' },
  ];
  assert.deepEqual(patched({ c: 1 }, operations), { a: { b: 1 } });
});

test('a key called __proto__ is a key', () => {
  const after = patched({}, [{ op: 'upsert', path: '/__proto__/polluted', value: 1 }]);
  assert.equal(JSON.stringify(after), '{"__proto__":{"polluted":1}}');
  assert.equal(Reflect.get({}, 'polluted'), undefined);
});

const refusals: readonly (readonly [name: string, operation: JsonObject, says: RegExp])[] = [
  ['an unknown operation', { op: 'move', path: '/a' }, /not an upsert, a remove or a replace/],
  ['no path', { op: 'remove' }, /no path into data/],
  ['the path of everything', { op: 'remove', path: '/' }, /no path into data/],
  ['a bad escape', { op: 'remove', path: '/%zz' }, /no path into data/],
  ['a path outside the roots', { op: 'remove', path: '/b' }, /data\.b .*outside the roots/],
  ['an escaped path outside', { op: 'remove', path: '/a%2fb' }, /outside the roots/],
  ['what is not there to remove', { op: 'remove', path: '/a/no' }, /cannot remove data\.a\.no/],
  ['what is not there to replace', { op: 'replace', path: '/a/no', value: 1 }, /cannot replace/],
  ['a way through a number', { op: 'upsert', path: '/a/n/x', value: 1 }, /cannot upsert/],
  ['an index beyond the end', { op: 'upsert', path: '/a/l/3', value: 1 }, /cannot upsert/],
  ['an index that is none', { op: 'upsert', path: '/a/l/01x', value: 1 }, /cannot upsert/],
  ['the end of a list to remove', { op: 'remove', path: '/a/l/-' }, /cannot remove/],
];

for (const [name, operation, says] of refusals) {
  test(`a patch with ${name} is refused`, () => {
    assert.throws(() => patched({ a: { n: 1, l: [1] }, b: 1 }, [operation], 'a'), says);
  });
}

test('a delta holds nothing but patches', () => {
  const files = filesOf({ '.manifest': '{}', 'patch.json': '{"data":[]}', 'data.json': '{}' });
  assert.ok(isDelta(files));
  assert.throws(() => readPatch(files, [[]]), /both patch\.json and data\.json/);
});
