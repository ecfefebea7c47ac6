import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { LimitMatch } from '../../../src/domain/limits/limit.ts';
import { compilePathPattern } from '../../../src/domain/request/path-pattern.ts';
import type { RequestView } from '../../../src/domain/request/request.ts';
import { type CompiledLimit, compileLimit } from '../../../src/limits/compiled-limit.ts';
import { LimitMatcher } from '../../../src/limits/matcher.ts';
import { matchesPath } from '../../../src/domain/request/matches-path.ts';
import { requestFrom } from '../request-fixture.ts';
import { limitFrom } from './fixture.ts';

interface Asked {
  readonly kind?: RequestView['kind'];
  readonly service: string;
  readonly method: string;
  readonly segments: string[];
}

function matcherOf(matches: readonly LimitMatch[]): (asked: Partial<Asked>) => readonly number[] {
  const matcher = new LimitMatcher();
  for (const [order, match] of matches.entries()) {
    matcher.add(compiled(order), match);
  }
  return (asked) => matcher.match(requestFrom(asked)).map(({ order }) => order);
}

function compiled(order: number): CompiledLimit {
  return compileLimit(limitFrom({ name: `limit-${order}` }), order);
}

test('a limit applies where its service, a method and a path are the request’s', () => {
  const match = matcherOf([
    {},
    { service: 'orders' },
    { methods: ['GET', 'HEAD'] },
    { paths: ['/orders/**', '/carts/{id}'] },
    { service: 'orders', methods: ['POST'], paths: ['/orders'] },
  ]);
  assert.deepEqual(match({ service: 'ledger', method: 'PUT', segments: ['x'] }), [0]);
  assert.deepEqual(
    match({ service: 'orders', method: 'GET', segments: ['orders', '7'] }),
    [0, 1, 2, 3],
  );
  assert.deepEqual(
    match({ service: 'orders', method: 'POST', segments: ['orders'] }),
    [0, 1, 3, 4],
  );
  assert.deepEqual(match({ service: '', method: 'get', segments: ['carts', '7'] }), [0, 3]);
});

test('a tunnel and a connection have no path, so limits on paths do not apply to them', () => {
  const match = matcherOf([{}, { paths: ['/'] }, { paths: ['/**'] }, { methods: ['CONNECT'] }]);
  const pathless = { segments: [] };
  assert.deepEqual(match({ kind: 'connect', method: 'CONNECT', ...pathless }), [0, 3]);
  assert.deepEqual(match({ kind: 'network', method: '', ...pathless }), [0]);
});

test('HEAD is no way around a limit on GET', () => {
  const match = matcherOf([{ methods: ['GET'] }, { methods: ['HEAD'] }, { methods: ['POST'] }]);
  assert.deepEqual(match({ method: 'HEAD' }), [0, 1]);
  assert.deepEqual(match({ method: 'GET' }), [0]);
});

test('a limit that says the same twice applies once', () => {
  const match = matcherOf([
    { methods: ['GET', 'HEAD', 'GET'], paths: ['/orders', '/orders', '/orders/**', '/{any}'] },
  ]);
  for (const method of ['GET', 'HEAD']) {
    assert.deepEqual(match({ method, segments: ['orders'] }), [0]);
  }
});

test('a trailing slash is no way around a limit', () => {
  const match = matcherOf([{ paths: ['/orders'] }, { paths: ['/carts/'] }, { paths: ['/{id}'] }]);
  assert.deepEqual(match({ segments: ['orders', ''] }), [0, 2]);
  assert.deepEqual(match({ segments: ['carts'] }), [1, 2]);
  assert.deepEqual(match({ segments: ['carts', ''] }), [1, 2]);
  assert.deepEqual(match({ segments: [''] }), []);
});

test('an empty segment within a path is no parameter', () => {
  const match = matcherOf([{ paths: ['/{id}/lines'] }]);
  assert.deepEqual(match({ segments: ['', 'lines'] }), []);
});

test('the root path is matched by its pattern however its segments are given', () => {
  const match = matcherOf([{ paths: ['/'] }, { paths: ['/**'] }]);
  assert.deepEqual(match({ segments: [] }), [0, 1]);
  assert.deepEqual(match({ segments: [''] }), [0, 1]);
});

test('the index finds what asking every limit would find', () => {
  const segment = fc.constantFrom('a', 'b', '{x}');
  const path = fc
    .tuple(fc.array(segment, { maxLength: 4 }), fc.boolean())
    .map(([segments, open]) => `/${(open ? [...segments, '**'] : segments).join('/')}`);
  const names = fc.constantFrom('GET', 'HEAD', 'POST');
  const match = fc.record(
    {
      service: fc.constantFrom('orders', 'ledger'),
      methods: fc.array(names, { maxLength: 2 }),
      paths: fc.array(path, { maxLength: 3 }),
    },
    { requiredKeys: [] },
  );
  const asked = fc.record({
    service: fc.constantFrom('orders', 'ledger', ''),
    method: names,
    segments: fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 5 }),
  });
  fc.assert(
    fc.property(fc.array(match), asked, (matches, request) => {
      const expected = [...matches.keys()].filter((order) =>
        applies(matches[order] ?? {}, request),
      );
      assert.deepEqual(matcherOf(matches)(request), expected);
    }),
    { numRuns: 1000 },
  );
});

function applies({ service, methods, paths }: LimitMatch, request: Asked): boolean {
  return (
    (service === undefined || service === request.service) &&
    (methods === undefined || methods.includes(request.method) || isHeadOfGet(methods, request)) &&
    (paths === undefined ||
      paths.some((path) => matchesPath(compilePathPattern(path), request.segments)))
  );
}

function isHeadOfGet(methods: readonly string[], { method }: Asked): boolean {
  return method === 'HEAD' && methods.includes('GET');
}

test('ten thousand limits cost about what ten do', () => {
  const few = costOf(10);
  const many = costOf(10_000);
  assert.ok(many < few * 20, `${few} ns with 10 limits, ${many} ns with 10,000`);
});

/** Nanoseconds a match; the best of several rounds, as the machine may be busy. */
function costOf(limits: number): number {
  const matcher = new LimitMatcher();
  for (let order = 0; order < limits; order += 1) {
    matcher.add(compiled(order), {
      service: `service-${order % 10}`,
      paths: [`/a/${order}/{id}/**`],
    });
  }
  const request = requestFrom({ service: 'service-7', segments: ['a', '7', 'x', 'y'] });
  const rounds = Array.from({ length: 20 }, () => {
    const started = process.hrtime.bigint();
    for (let round = 0; round < 2000; round += 1) assert.equal(matcher.match(request).length, 1);
    return Number(process.hrtime.bigint() - started) / 2000;
  });
  return Math.min(...rounds);
}
