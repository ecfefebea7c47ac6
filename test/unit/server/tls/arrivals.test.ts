import assert from 'node:assert/strict';
import { Socket } from 'node:net';
import { test } from 'node:test';
import { type Arrival, Arrivals } from '../../../../src/server/tls/arrivals.ts';
import { FakeClock } from '../../limits/fixture.ts';

const bounds = { max: 5, maxPerSource: 3, maxPerSecond: 8, maxPerSourceAndSecond: 4 };

function arrivalsOn(clock = new FakeClock(0)) {
  const arrivals = new Arrivals(bounds, clock);
  const begin = (source: string): Arrival | undefined => {
    const arrival = { socket: new Socket(), source };
    return arrivals.add(arrival) ? arrival : undefined;
  };
  return { arrivals, begin, clock };
}

test('of one network and of all, so many are under way at once', () => {
  const { arrivals, begin } = arrivalsOn();
  const first = begin('a');
  assert.ok(first && begin('a') && begin('a'));
  assert.equal(begin('a'), undefined);
  assert.ok(begin('b') && begin('b'));
  assert.equal(begin('c'), undefined, 'of all');
  assert.equal(arrivals.settle(first), true);
  assert.equal(arrivals.settle(first), false, 'once');
  assert.ok(begin('a'));
});

test('of one network and of all, so many begin in a second, though they end', () => {
  const { arrivals, clock } = arrivalsOn();
  const many = (source: string): number =>
    Array.from({ length: 20 }, () => {
      const arrival = { socket: new Socket(), source };
      return arrivals.add(arrival) && arrivals.settle(arrival);
    }).filter(Boolean).length;
  assert.deepEqual([many('a'), many('b')], [8, 0], 'all of a second at once');
  clock.advance(1000);
  assert.deepEqual([many('a'), many('b')], [8, 0], 'a network has those of four seconds');
  clock.advance(1000);
  assert.deepEqual([many('a'), many('b'), many('c')], [8, 0, 0]);
  clock.advance(1000);
  assert.deepEqual([many('a'), many('b')], [4, 4], 'what is left is open to others');
  clock.advance(1000);
  assert.deepEqual([many('a'), many('b')], [4, 4]);
});
