import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { compileRegex } from '../../../../../src/policy/rego/builtins/regex/cache.ts';
import { regexSize } from '../../../../../src/policy/rego/builtins/regex/size.ts';

const atom = fc.constantFrom('a', '.', '\\d', '[a-z\\]]', '[^]x]', '\\{', '\\pL');
const repetition = fc.constantFrom('', '*', '+?', '{3}', '{2,5}', '{0,9}?', '{4,}');

const { pattern } = fc.letrec<{ pattern: string }>((tie) => ({
  pattern: fc
    .array(
      fc.tuple(
        fc.oneof(
          { maxDepth: 2 },
          atom,
          tie('pattern').map((inner) => `(${inner})`),
        ),
        repetition,
      ),
      { minLength: 1, maxLength: 4 },
    )
    .map((parts) => parts.map((part) => part.join('')).join('|')),
}));

test('the size of a pattern is told from its text, and not far below what it compiles to', () => {
  fc.assert(
    fc.property(pattern, (text) => {
      fc.pre(regexSize(text) < 10_000);
      assert.ok(regexSize(text) * 3 + 10 >= compileRegex(text).pattern.programSize(), text);
    }),
  );
});

test('a pattern for a host’s name is far from too large', () => {
  const host = '^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]{2,63}$';
  assert.ok(regexSize(host) < 500);
});
