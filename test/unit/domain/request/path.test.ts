import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import {
  findAmbiguity,
  pathAmbiguities,
  type PathAmbiguity,
  segmentsOf,
  splitTarget,
} from '../../../../src/domain/request/path.ts';

const ambiguous: readonly [target: string, ambiguity: PathAmbiguity][] = [
  ['/orders/../admin', 'dot-segment'],
  ['/orders/..', 'dot-segment'],
  ['/./admin', 'dot-segment'],
  ['/.', 'dot-segment'],
  ['/orders/%2e%2E/admin', 'dot-segment'],
  ['/orders/.%2e', 'dot-segment'],
  ['/orders/..;x=y/admin', 'dot-segment'],
  ['/orders/..%2fadmin', 'dot-segment'],
  ['/orders/..\\admin', 'dot-segment'],
  ['/orders\\..%5cadmin', 'dot-segment'],
  ['/orders/..%00/admin', 'dot-segment'],
  ['//admin', 'empty-segment'],
  ['/orders//7', 'empty-segment'],
  ['/orders//', 'empty-segment'],
  ['/orders/%2f7', 'empty-segment'],
  ['/orders;admin=1', 'semicolon'],
  ['/orders;/7', 'semicolon'],
  ['/orders\\7', 'backslash'],
  ['/orders%2f7', 'encoded-slash'],
  ['/orders%2F7', 'encoded-slash'],
  ['/orders%5c7', 'encoded-backslash'],
  ['/orders%5C7', 'encoded-backslash'],
  ['/orders.%2ehidden', 'encoded-dot'],
  ['/%2Ehidden', 'encoded-dot'],
  ['/orders%00.png', 'encoded-null'],
  ['/orders#admin', 'fragment'],
  ['/orders?x=1#admin', 'fragment'],
  ['/orders/%', 'bad-percent'],
  ['/orders/%4', 'bad-percent'],
  ['/orders/%zz', 'bad-percent'],
  ['/orders/%u0041', 'bad-percent'],
  ['/orders/%ff', 'bad-percent'],
  ['/orders/%c0%af', 'bad-percent'],
  ['/orders/%ed%a0%80', 'bad-percent'],
];

const plain = [
  '/',
  '/orders',
  '/orders/',
  '/orders/7',
  '/orders/...',
  '/orders/.hidden',
  '/orders/a..b',
  '/orders/7.json',
  '/orders/%20',
  '/orders/%C3%A9',
  '/orders/%252e',
  "/a-b_c~d!$&'()*+,=:@",
  '/orders?next=//admin/../x;y\\z%2f%zz',
];

for (const [target, ambiguity] of ambiguous) {
  test(`${target} is ambiguous: ${ambiguity}`, () => {
    assert.equal(findAmbiguity(splitTarget(target), []), ambiguity);
  });
}

for (const target of plain) {
  test(`${target} is read in one way only`, () => {
    assert.equal(findAmbiguity(splitTarget(target), []), undefined);
  });
}

/** One target for each ambiguity that has no other. */
const alone: Readonly<Record<PathAmbiguity, string>> = {
  'dot-segment': '/orders/../admin',
  'empty-segment': '/orders//7',
  semicolon: '/orders;v=1',
  backslash: '/orders\\7',
  'encoded-slash': '/orders%2f7',
  'encoded-backslash': '/orders%5c7',
  'encoded-dot': '/orders%2ejson',
  'encoded-null': '/orders%00',
  fragment: '/orders#top',
  'bad-percent': '/orders/100%',
};

for (const ambiguity of pathAmbiguities) {
  test(`${ambiguity} can be relaxed alone, and relaxes nothing else`, () => {
    const others = pathAmbiguities.filter((other) => other !== ambiguity);
    assert.equal(findAmbiguity(splitTarget(alone[ambiguity]), [ambiguity]), undefined);
    assert.equal(findAmbiguity(splitTarget(alone[ambiguity]), others), ambiguity);
    for (const other of others) {
      assert.equal(findAmbiguity(splitTarget(alone[other]), [ambiguity]), other);
    }
  });
}

test('a dot segment is found however its dots and slashes are written', () => {
  const relaxed = pathAmbiguities.filter((ambiguity) => ambiguity !== 'dot-segment');
  for (const target of ['/a/%2e%2e/b', '/a%2f..%2fb', '/a%5C.%2E%5cb', '/a\\..', '/a/..;v=1/b']) {
    assert.equal(findAmbiguity(splitTarget(target), relaxed), 'dot-segment', target);
  }
});

test('a target is cut at its first question mark', () => {
  assert.deepEqual(splitTarget('/a?b=c?d'), { path: '/a', query: 'b=c?d' });
  assert.deepEqual(splitTarget('/a?'), { path: '/a', query: '' });
  assert.deepEqual(splitTarget('/a'), { path: '/a', query: '' });
  assert.deepEqual(splitTarget('//admin/x?y'), { path: '//admin/x', query: 'y' });
});

test('segments are decoded one by one', () => {
  assert.deepEqual(segmentsOf('/'), []);
  assert.deepEqual(segmentsOf('/orders/7'), ['orders', '7']);
  assert.deepEqual(segmentsOf('/orders/'), ['orders', '']);
  assert.deepEqual(segmentsOf('/a%2Fb/c%20d'), ['a/b', 'c d']);
  assert.deepEqual(segmentsOf('/100%/%41'), ['100%', 'A']);
});

test('what a decoder or a normaliser changes is ambiguous or percent-encoded', () => {
  const piece = fc.constantFrom(
    'a',
    '.',
    '/',
    '\\',
    ';',
    '%2e',
    '%2F',
    '%5c',
    '%00',
    '%41',
    '%',
    '#',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const path = `/${pieces.join('')}`;
      if (findAmbiguity(splitTarget(path), []) !== undefined) return;
      assert.equal(new URL(`http://host${path}`).pathname, path);
      assert.equal(segmentsOf(path).join('/'), decodeURIComponent(path.slice(1)));
    }),
    { numRuns: 5_000 },
  );
});

test('a path of 1 MiB is judged in linear time', () => {
  const startedMs = performance.now();
  for (const unit of ['a', '/', '.', '/.', '%2', '%2f', '..;', '/%2e']) {
    findAmbiguity(splitTarget(`/${unit.repeat(2 ** 20 / unit.length)}`), [
      'dot-segment',
      'semicolon',
    ]);
  }
  assert.ok(performance.now() - startedMs < 2_000);
});
