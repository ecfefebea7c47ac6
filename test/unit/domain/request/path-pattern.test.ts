import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import {
  compilePathPattern,
  pathPatternFault,
} from '../../../../src/domain/request/path-pattern.ts';
import { matchesPath } from '../../../../src/domain/request/matches-path.ts';

const matching: readonly [pattern: string, segments: string[], matches: boolean][] = [
  ['/', [], true],
  ['/', ['orders'], false],
  ['/orders', ['orders'], true],
  ['/orders', [], false],
  ['/orders', ['orders', '7'], false],
  ['/orders', ['Orders'], false],
  ['/orders', ['orders', ''], false],
  ['/orders/', ['orders', ''], true],
  ['/orders/', ['orders'], false],
  ['/orders/{id}', ['orders', '7'], true],
  ['/orders/{id}', ['orders'], false],
  ['/orders/{id}', ['orders', ''], false],
  ['/orders/{id}', ['orders', '7', 'lines'], false],
  ['/orders/{id}/lines', ['orders', '7', 'lines'], true],
  ['/orders/{id}/**', ['orders', '7'], true],
  ['/orders/{id}/**', ['orders', '7', 'lines', '1'], true],
  ['/orders/{id}/**', ['orders'], false],
  ['/orders/**', ['orders'], true],
  ['/orders/**', ['orders', ''], true],
  ['/orders/**', ['ordersX'], false],
  ['/**', [], true],
  ['/**', ['anything', 'at', 'all'], true],
  ['/a%20b', ['a b'], true],
  ['/a b', ['a b'], true],
  ['/%2A', ['*'], true],
  ['/%7Bid%7D', ['{id}'], true],
  ['/%7Bid%7D', ['7'], false],
  ['/constructor', ['constructor'], true],
];

test('a pattern matches its paths and no others', () => {
  for (const [pattern, segments, matches] of matching) {
    assert.equal(
      matchesPath(compilePathPattern(pattern), segments),
      matches,
      `${pattern} on ${JSON.stringify(segments)}`,
    );
  }
});

const faulty: readonly [pattern: string, fault: RegExp][] = [
  ['', /must begin with \//],
  ['orders', /must begin with \//],
  ['/orders//lines', /a segment is empty/],
  ['/**/lines', /only at the end/],
  ['/orders/*', /write \{name\} for one segment/],
  ['/orders/*.json', /%2A for the character/],
  ['/orders/x{id}', /whole segment/],
  ['/orders/{}', /write \{name\}/],
  ['/orders/{id', /%7B and %7D/],
  ['/orders?all', /query or a fragment/],
  ['/orders#top', /query or a fragment/],
  ['/orders/..', /dot segment/],
  ['/orders/%2e', /dot segment/],
  ['/orders/%zz', /not valid percent-encoded/],
  ['/orders/%ff', /not valid percent-encoded/],
];

test('a pattern that cannot be meant is refused with what to write instead', () => {
  for (const [pattern, fault] of faulty) {
    assert.match(pathPatternFault(pattern) ?? 'no fault', fault, pattern);
    assert.throws(() => compilePathPattern(pattern), { name: 'SyntaxError', message: fault });
  }
});

test('a fault names the pattern', () => {
  assert.equal(
    pathPatternFault('/**/lines'),
    'path pattern "/**/lines": ** stands for the rest, so only at the end',
  );
});

test('every percent-encoded path is a pattern that matches itself alone', () => {
  const segment = fc.string({ minLength: 1, unit: 'grapheme' }).filter((s) => !/^\.{1,2}$/.test(s));
  fc.assert(
    fc.property(fc.array(segment), fc.array(segment), (own, other) => {
      const encoded = own.map((text) => encodeURIComponent(text).replace(/[*]/g, '%2A'));
      const pattern = compilePathPattern(`/${encoded.join('/')}`);
      assert.ok(matchesPath(pattern, own));
      assert.equal(matchesPath(pattern, other), JSON.stringify(own) === JSON.stringify(other));
    }),
  );
});

test('compiling never fails but by saying a fault', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const fault = pathPatternFault(`/${text}`);
      if (fault === undefined) compilePathPattern(`/${text}`);
      else assert.match(fault, /^path pattern /);
    }),
  );
});
