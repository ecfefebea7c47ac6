import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { cutMembers } from '../../../src/audit/cut-members.ts';
import { withoutSecrets } from '../../../src/audit/mask.ts';
import type { JsonObject } from '../../../src/domain/json.ts';

function cut(document: JsonObject, container: readonly string[], names: readonly string[]) {
  return cutMembers(JSON.stringify(document), document, [{ container, names }]);
}

test('a member goes wherever it stands, with one comma', () => {
  const document = { h: { a: '1', b: '2', c: '3' }, only: { x: 'y' } };
  assert.equal(cut(document, ['input', 'h'], ['a']), '{"h":{"b":"2","c":"3"},"only":{"x":"y"}}');
  assert.equal(cut(document, ['input', 'h'], ['b']), '{"h":{"a":"1","c":"3"},"only":{"x":"y"}}');
  assert.equal(cut(document, ['input', 'h'], ['c']), '{"h":{"a":"1","b":"2"},"only":{"x":"y"}}');
  assert.equal(
    cut(document, ['input', 'only'], ['x']),
    '{"h":{"a":"1","b":"2","c":"3"},"only":{}}',
  );
  assert.equal(cut(document, ['input', 'h'], ['a', 'b', 'c']), '{"h":{},"only":{"x":"y"}}');
});

test('a member that stands twice is not guessed at', () => {
  const document = { a: { token: 's' }, b: { token: 's' } };
  assert.equal(cut(document, ['input', 'b'], ['token']), undefined);
});

test('a number is not cut out of a longer one', () => {
  assert.equal(cut({ a: { pin: 1 }, b: { pin: 12 } }, ['input', 'a'], ['pin']), undefined);
  assert.equal(cut({ a: { pin: 12 }, b: { pin: 1 } }, ['input', 'b'], ['pin']), undefined);
});

test('text that looks like the member inside a string is no second place', () => {
  const document = { note: '"token":"s"', h: { token: 's' } };
  assert.equal(cut(document, ['input', 'h'], ['token']), '{"note":"\\"token\\":\\"s\\"","h":{}}');
});

test('elements of lists and the whole input are for the slow way', () => {
  assert.equal(cut({ list: ['a', 'b'] }, ['input', 'list'], ['0']), undefined);
  assert.equal(cut({ a: 1 }, [], ['input']), undefined);
});

test('what is cut is what the slow way would have written, or it is not cut', () => {
  const name = fc.constantFrom('a', 'b', 'token', '"', '\\', ',', '__proto__', '');
  const leaf = fc.oneof(
    fc.constantFrom('', 's', '"token":"s"', '","token":"s', '}', 1, 12, true, null),
    fc.string({ maxLength: 3 }),
  );
  const members = fc.array(fc.tuple(name, leaf), { maxLength: 5 });
  const object = members.map((pairs) => Object.fromEntries(pairs) as JsonObject);
  let cuts = 0;
  fc.assert(
    fc.property(
      object,
      object,
      fc.subarray(['a', 'b', 'token', '"', '\\', ',', '']),
      (h, m, names) => {
        const document = { h, m };
        const removals = [
          { container: ['input', 'h'], names: names.filter((n) => Object.hasOwn(h, n)) },
        ];
        const text = cutMembers(JSON.stringify(document), document, removals);
        if (text === undefined) return;
        cuts += 1;
        const { input } = withoutSecrets({ input: document, result: undefined }, removals);
        assert.equal(text, JSON.stringify(input));
      },
    ),
    { numRuns: 5000 },
  );
  assert.ok(cuts > 1000);
});
