import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { CalendarUnit } from '../../../src/domain/limits/limit.ts';
import { createCalendar, windowEndUs } from '../../../src/limits/calendar.ts';

function edgesAt(unit: CalendarUnit, timeZone: string, now: string): string[] {
  const edges = createCalendar({ unit, timeZone }).edgesAt(Date.parse(now));
  return edges.map((us) => new Date(us / 1000).toISOString().replace(':00.000Z', 'Z'));
}

const cases: readonly [unit: CalendarUnit, timeZone: string, now: string, edges: string[]][] = [
  [
    'day',
    'UTC',
    '2026-02-28T12:00Z',
    ['2026-02-27T00:00Z', '2026-02-28T00:00Z', '2026-03-01T00:00Z', '2026-03-02T00:00Z'],
  ],
  [
    'day', // 23 hours: the clocks are put forward.
    'Europe/Berlin',
    '2026-03-29T12:00Z',
    ['2026-03-27T23:00Z', '2026-03-28T23:00Z', '2026-03-29T22:00Z', '2026-03-30T22:00Z'],
  ],
  [
    'day', // It has no midnight: the clocks go from 24:00 to 01:00.
    'Africa/Cairo',
    '2026-04-24T12:00Z',
    ['2026-04-22T22:00Z', '2026-04-23T22:00Z', '2026-04-24T21:00Z', '2026-04-25T21:00Z'],
  ],
  [
    'week',
    'Asia/Tokyo',
    '2026-11-22T14:59Z',
    ['2026-11-08T15:00Z', '2026-11-15T15:00Z', '2026-11-22T15:00Z', '2026-11-29T15:00Z'],
  ],
  [
    'month',
    'America/New_York',
    '2027-01-01T04:59Z',
    ['2026-11-01T04:00Z', '2026-12-01T05:00Z', '2027-01-01T05:00Z', '2027-02-01T05:00Z'],
  ],
  [
    'month',
    'Pacific/Kiritimati',
    '2026-12-31T10:00Z',
    ['2026-11-30T10:00Z', '2026-12-31T10:00Z', '2027-01-31T10:00Z', '2027-02-28T10:00Z'],
  ],
];

for (const [unit, timeZone, now, edges] of cases) {
  test(`the ${unit} in ${timeZone} at ${now}`, () => {
    assert.deepEqual(edgesAt(unit, timeZone, now), edges);
  });
}

test('windows follow one another without a gap, whenever one looks', () => {
  const zones = fc.constantFrom('UTC', 'Europe/Berlin', 'America/Sao_Paulo', 'Asia/Kathmandu');
  const moments = fc.integer({ min: Date.UTC(2020, 0), max: Date.UTC(2040, 0) });
  fc.assert(
    fc.property(zones, fc.constantFrom('day', 'week', 'month'), moments, (timeZone, unit, ms) => {
      const calendar = createCalendar({ unit, timeZone });
      const [, begin, end, after] = calendar.edgesAt(ms);
      assert.ok(begin <= ms * 1000 && ms * 1000 < end);
      assert.equal(calendar.edgesAt(ms), calendar.edgesAt(ms), 'computed once');
      assert.deepEqual(calendar.edgesAt(end / 1000).slice(0, 3), [begin, end, after]);
    }),
    { numRuns: 100 },
  );
});

test('a time is of a window only within the edges', () => {
  const edges = [10, 20, 30, 40] as const;
  const ends = [9, 10, 19, 20, 39, 40].map((at) => windowEndUs(edges, at));
  assert.deepEqual(ends, [undefined, 20, 20, 30, 40, undefined]);
});
