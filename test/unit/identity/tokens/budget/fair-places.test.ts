import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FairPlaces } from '../../../../../src/identity/tokens/budget/fair-places.ts';

/** How many more the peer gets when it takes all that it can. */
function takeAll(places: FairPlaces, peer: string): number {
  let taken = 0;
  while (places.take(peer)) taken += 1;
  return taken;
}

test('a peer alone gets half of the places, and gets them again', () => {
  const places = new FairPlaces(64);
  assert.equal(takeAll(places, 'a'), 32);
  for (let index = 0; index < 32; index += 1) places.giveBack('a');
  assert.equal(takeAll(places, 'a'), 32);
});

test('there is a place for who comes after peers that want all', () => {
  const places = new FairPlaces(64);
  for (const peer of ['a', 'b', 'c']) takeAll(places, peer);
  assert.equal(takeAll(places, 'd'), 4);
});

test('peers that always want more come to hold a third each', () => {
  const places = new FairPlaces(64);
  const held = { early: takeAll(places, 'early'), late: takeAll(places, 'late') };
  for (let round = 0; round < 100; round += 1) {
    for (const peer of ['early', 'late'] as const) {
      places.giveBack(peer);
      held[peer] += takeAll(places, peer) - 1;
    }
  }
  assert.deepEqual(held, { early: 22, late: 21 });
});

test('there are no more places than there are, however many peers come', () => {
  const places = new FairPlaces(64);
  let taken = 0;
  for (let peer = 0; peer < 1000; peer += 1) taken += takeAll(places, `peer-${peer}`);
  assert.equal(taken, 64);
});
