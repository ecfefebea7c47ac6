import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { loadLimits } from '../../../src/config/limits/load-limits.ts';
import { formatProblem } from '../../../src/config/problem.ts';
import type { LimitDefinition } from '../../../src/domain/limits/limit.ts';
import { writtenFile } from './written-file.ts';

function limitsOf(text: string): readonly LimitDefinition[] {
  const loaded = loadLimits(writtenFile(text, 'limits.yaml'));
  if ('value' in loaded) return loaded.value;
  throw new Error(loaded.problems.map(formatProblem).join('\n'));
}

test('a limit with everything said', () => {
  const text = `
version: 1
limits:
  - name: orders-read
    match: { service: orders, methods: [GET], paths: ["/orders/**"] }
    by: [caller, service, rule, source.ip, 'header:X-Tenant', 'contextExtension:zone']
    rate: 100/1m
    burst: 20
    cost: 2
    mode: shadow
    onError: deny
    overrides:
      - when: { caller: spiffe://prod/ns/batch/sa/reports }
        rate: 1000/1h
      - when: { caller: spiffe://prod/ns/batch/sa/other }
        rate: 10/500ms
        burst: 2
`;
  assert.deepEqual(limitsOf(text), [
    {
      name: 'orders-read',
      match: { service: 'orders', methods: ['GET'], paths: ['/orders/**'] },
      by: [
        { kind: 'caller' },
        { kind: 'service' },
        { kind: 'rule' },
        { kind: 'source.ip' },
        { kind: 'header', name: 'x-tenant' },
        { kind: 'contextExtension', name: 'zone' },
      ],
      quota: 100,
      windowMs: 60_000,
      burst: 20,
      cost: 2,
      mode: 'shadow',
      onError: 'deny',
      overrides: [
        {
          caller: 'spiffe://prod/ns/batch/sa/reports',
          quota: 1000,
          windowMs: 3_600_000,
          burst: 1000,
        },
        { caller: 'spiffe://prod/ns/batch/sa/other', quota: 10, windowMs: 500, burst: 2 },
      ],
    },
  ]);
});

test('a quota is of a window of the calendar, in UTC unless a time zone is said', () => {
  const text = `
version: 1
limits:
  - name: daily
    quota: 1000/day
    overrides: [{ when: { caller: spiffe://prod/ns/a/sa/b }, quota: 5000/day }]
  - { name: monthly, quota: 20000/month, timeZone: Europe/Berlin }
`;
  assert.deepEqual(
    limitsOf(text).map(({ quota, windowMs, burst, calendar, overrides }) => ({
      quota,
      windowMs,
      burst,
      calendar,
      overrides,
    })),
    [
      {
        quota: 1000,
        windowMs: 86_400_000,
        burst: 1000,
        calendar: { unit: 'day', timeZone: 'UTC' },
        overrides: [
          {
            caller: 'spiffe://prod/ns/a/sa/b',
            quota: 5000,
            windowMs: 86_400_000,
            burst: 5000,
          },
        ],
      },
      {
        quota: 20_000,
        windowMs: 30 * 86_400_000,
        burst: 20_000,
        calendar: { unit: 'month', timeZone: 'Europe/Berlin' },
        overrides: [],
      },
    ],
  );
});

const rateMistakes: readonly [text: string, problem: RegExp][] = [
  ['cost: 1', /limits\[0\]\.rate: is missing; give a rate such as 100\/1m, or a quota such as/],
  ['rate: 1/1s, quota: 1/day', /quota: stands beside a rate/],
  ['quota: 1/day, burst: 1', /burst: is of a rate/],
  ['quota: 1/hour', /quota: must be a count and one of day, week, month, such as 1000\/day/],
  ['quota: 0/day', /quota: must be/],
  ['quota: 5/day, cost: 6', /cost: is 6, but at most 5/],
  ['rate: 1/1s, timeZone: UTC', /timeZone: is of a quota/],
  ['quota: 1/day, timeZone: Europe/Bonn', /timeZone: must be a time zone of the IANA database/],
  ["quota: 1/day, timeZone: '+01:00'", /timeZone: must be/],
  [
    'quota: 9/day, overrides: [{ when: { caller: spiffe://a/b/c }, quota: 9/week }]',
    /overrides: must count as the limit does/,
  ],
  [
    'quota: 9/day, overrides: [{ when: { caller: spiffe://a/b/c }, rate: 9/1s }]',
    /overrides: must count as the limit does/,
  ],
  ['quota: 9/day, lease: { tokens: 2, for: 1s }', /lease: is of a rate; a quota has none/],
  ['rate: 9/1s, lease: { tokens: 1, for: 1s }', /lease\.tokens: must be an integer from 2/],
  ['rate: 9/1s, lease: { tokens: 2 }', /lease\.for: is missing/],
  [
    'rate: 100/1s, cost: 2, lease: { tokens: 90, for: 100ms }',
    /lease: needs a burst of 102 and has one of 100: 10 units come back in its time, 90 are taken ahead, and one request needs 2/,
  ],
  [
    'rate: 100/1s, lease: { tokens: 9, for: 100ms }, overrides: [{ when: { caller: spiffe://a/b/c }, rate: 9/1s }]',
    /lease: needs a burst of 11 and has one of 9/,
  ],
];

test('a lease is so many tokens for so long', () => {
  const text = 'rate: 100/1s, lease: { tokens: 20, for: 100ms }';
  const [limit] = limitsOf(`version: 1\nlimits: [{ name: a, ${text} }]`);
  assert.deepEqual(limit?.lease, { tokens: 20, forMs: 100 });
});

for (const [text, problem] of rateMistakes) {
  test(`{ ${text} } is refused, and why`, () => {
    assert.throws(() => limitsOf(`version: 1\nlimits: [{ name: a, ${text} }]`), problem);
  });
}

test('an address is counted by its network, of IPv6 by 64 bits unless it is said', () => {
  const by = "[source.ip/24, source.ip/32/56, 'source.ip/1/128']";
  assert.deepEqual(limitsOf(`version: 1\nlimits: [{ name: a, rate: 7/1s, by: ${by} }]`)[0]?.by, [
    { kind: 'source.ip', prefix: { v4Bits: 24, v6Bits: 64 } },
    { kind: 'source.ip', prefix: { v4Bits: 32, v6Bits: 56 } },
    { kind: 'source.ip', prefix: { v4Bits: 1, v6Bits: 128 } },
  ]);
  for (const part of [
    'source.ip/',
    'source.ip/0',
    'source.ip/33',
    'source.ip/24/129',
    'source.ip/a',
  ]) {
    const text = `version: 1\nlimits: [{ name: a, rate: 7/1s, by: [${part}] }]`;
    assert.throws(() => limitsOf(text), /by\[0\]: must be one of caller/, part);
  }
});

test('what is not said has its default: by the caller, a burst of the whole count', () => {
  assert.deepEqual(limitsOf('version: 1\nlimits: [{ name: a, rate: 7/1s }]'), [
    {
      name: 'a',
      by: [{ kind: 'caller' }],
      quota: 7,
      windowMs: 1000,
      burst: 7,
      cost: 1,
      mode: 'enforce',
      onError: 'local',
      overrides: [],
    },
  ]);
});

test('an empty `by` is one count for all', () => {
  assert.deepEqual(limitsOf('version: 1\nlimits: [{ name: a, rate: 7/1s, by: [] }]')[0]?.by, []);
});

test('the shipped limits are valid and one of them is small enough to be seen', () => {
  const path = fileURLToPath(new URL('../../../examples/quickstart/limits.yaml', import.meta.url));
  const loaded = loadLimits(path);
  assert.ok('value' in loaded);
  assert.ok(loaded.value.some((limit) => limit.mode === 'enforce' && limit.burst < 9));
});

test('any text is limits or problems, never a throw', () => {
  const fragment = fc.constantFrom(
    'version: 1\n',
    'limits:',
    '\n  - ',
    'name: a',
    'rate: 1/1s',
    'by: ',
    '[',
    ']',
    '{',
    '}',
    ', ',

    'match: ',
    'paths: ',
    "'/{'",
    '&a ',
    '*a',
    '\t',
    ': ',
    '"',
    '\n    ',
  );
  fc.assert(
    fc.property(fc.array(fragment), (parts) => {
      const loaded = loadLimits(writtenFile(parts.join(''), 'any-limits.yaml'));
      assert.ok('value' in loaded || loaded.problems.length > 0);
    }),
    { numRuns: 500 },
  );
});
